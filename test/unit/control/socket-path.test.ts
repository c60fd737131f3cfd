import assert from "node:assert/strict";
import test from "node:test";
import { ConfigError } from "../../../src/config/config-error.ts";
import { clientPaths, MAX_PATH_BYTES, socketPath } from "../../../src/control/socket-path.ts";

const config = { dataDir: "/var/lib/meshprobe", file: "/etc/meshprobe/peers.yaml" };

test("the socket is in the runtime directory of the service, else in the data directory", () => {
  assert.equal(socketPath(config, {}), "/var/lib/meshprobe/meshprobe.sock");
  assert.equal(socketPath(config, { RUNTIME_DIRECTORY: "" }), "/var/lib/meshprobe/meshprobe.sock");
  assert.equal(socketPath(config, { RUNTIME_DIRECTORY: "/run/meshprobe:/run/other" }), "/run/meshprobe/meshprobe.sock");
});

test("a client looks in both", () => {
  assert.deepEqual(clientPaths("/data", {}), ["/data/meshprobe.sock", "/run/meshprobe/meshprobe.sock"]);
  assert.deepEqual(clientPaths("/data", { RUNTIME_DIRECTORY: "/run/meshprobe" }), ["/run/meshprobe/meshprobe.sock", "/data/meshprobe.sock"]);
});

test("a path over 100 bytes is a configuration error, counted in bytes", () => {
  const fits = `/${"d".repeat(MAX_PATH_BYTES - 1 - "/meshprobe.sock".length)}`;
  assert.equal(socketPath({ ...config, dataDir: fits }, {}).length, MAX_PATH_BYTES);
  assert.throws(
    () => socketPath({ ...config, dataDir: `${fits}d` }, {}),
    (error) => error instanceof ConfigError && /peers\.yaml: data_dir: .* 101 bytes/.test(error.message),
  );
  assert.throws(() => socketPath({ ...config, dataDir: `/${"ü".repeat(50)}` }, {}), ConfigError);
  assert.equal(socketPath({ ...config, dataDir: `${fits}d` }, { RUNTIME_DIRECTORY: "/run/m" }), "/run/m/meshprobe.sock");
});
