/** The databases of a collector, held to one suite. What only one of them can suffer is in sqlite-store.test.ts and postgres-store.test.ts. */
import { after, before, describe } from "node:test";
import { join } from "node:path";
import { openStore } from "../../src/collector/store/open-store.ts";
import { tempDir } from "../unit/store/temp-dir.ts";
import { collectorStoreSuite } from "./collector-store.ts";
import { skipPostgres, startPostgres, type Postgres } from "./postgres.ts";

describe("SQLite", () => {
  collectorStoreSuite({
    open: async (t) => {
      const spec = `sqlite:${join(tempDir(t), "collector.db")}`;
      const again = async (): ReturnType<typeof openStore> => {
        const store = await openStore(spec);
        t.after(() => store.close());
        return store;
      };
      return { store: await again(), again };
    },
  });
});

describe("PostgreSQL", { skip: skipPostgres }, () => {
  let postgres: Postgres;
  let databases = 0;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  collectorStoreSuite({
    open: async (t) => {
      const url = await postgres.database(`store${databases++}`);
      const again = async (): ReturnType<typeof openStore> => {
        const store = await openStore(url);
        t.after(() => store.close());
        return store;
      };
      return { store: await again(), again };
    },
  });
});
