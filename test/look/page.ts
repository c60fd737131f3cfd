/**
 * What a browser makes of pages: at 1280 and 390 px nothing may be wider than the window, nothing may be asked for but the file, nothing may be said on the
 * console; a picture of each and a PDF are left beside the file for the eye.
 * Usage: node test/look/page.ts FILE.html… (needs chromium-headless-shell)
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";

const WIDTHS = [1280, 390] as const;
const BROWSER = process.env["BROWSER"] ?? "chromium-headless-shell";

interface Event {
  readonly method: string;
  readonly params: { readonly request?: { readonly url: string } };
}

/** The DevTools protocol over one page. */
class Browser {
  readonly events: Event[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (result: Record<string, unknown>) => void>();
  #loaded: () => void = () => {};
  #last = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as Event & { readonly id?: number; readonly result?: Record<string, unknown> };
      if (message.id !== undefined) return this.#waiting.get(message.id)?.(message.result ?? {});
      this.events.push(message);
      if (message.method === "Page.loadEventFired") this.#loaded();
    });
  }

  send(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Record<string, unknown>> {
    const id = ++this.#last;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((answer) => this.#waiting.set(id, answer));
  }

  async open(url: string): Promise<void> {
    this.events.length = 0;
    const loaded = new Promise<void>((done) => (this.#loaded = done));
    await this.send("Page.navigate", { url });
    await loaded;
  }
}

async function look(browser: Browser, file: string): Promise<string[]> {
  const url = `file://${resolve(file)}`;
  const findings: string[] = [];
  for (const width of WIDTHS) {
    await browser.send("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 500 });
    await browser.open(url);
    const asked = browser.events.flatMap(({ params }) => (params.request === undefined || params.request.url === url ? [] : [params.request.url]));
    const said = browser.events.filter(({ method }) => /^(Log\.entryAdded|Runtime\.(exceptionThrown|consoleAPICalled))$/.test(method));
    const { result } = await browser.send("Runtime.evaluate", {
      expression: "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    });
    const wider = (result as { readonly value: number }).value;
    if (wider > 0) findings.push(`${file}: ${wider} px wider than ${width}`);
    if (asked.length > 0) findings.push(`${file}: asks for ${asked.join(", ")}`);
    if (said.length > 0) findings.push(`${file}: ${said.length} words on the console`);
    const { data } = await browser.send("Page.captureScreenshot", { captureBeyondViewport: true });
    writeFileSync(`${file}.${width}.png`, Buffer.from(String(data), "base64"));
  }
  const { data } = await browser.send("Page.printToPDF", { preferCSSPageSize: true, printBackground: true });
  writeFileSync(`${file}.pdf`, Buffer.from(String(data), "base64"));
  return findings;
}

const child = spawn(BROWSER, ["--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
try {
  const port = await new Promise<string>((found, failed) => {
    child.once("error", failed);
    child.stderr.on("data", (text: Buffer) => {
      const [, number] = /ws:\/\/[^:]+:(\d+)/.exec(text.toString()) ?? [];
      if (number !== undefined) found(number);
    });
  });
  const pages = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
    readonly type: string;
    readonly webSocketDebuggerUrl: string;
  }[];
  const socket = new WebSocket(pages.find(({ type }) => type === "page")?.webSocketDebuggerUrl ?? "");
  await new Promise((opened) => socket.addEventListener("open", opened));
  const browser = new Browser(socket);
  for (const domain of ["Page", "Network", "Log", "Runtime"]) await browser.send(`${domain}.enable`);
  for (const file of process.argv.slice(2)) {
    const findings = await look(browser, file);
    process.stdout.write(findings.length === 0 ? `${file}: nothing wider, nothing asked for, nothing said\n` : `${findings.join("\n")}\n`);
    if (findings.length > 0) process.exitCode = 1;
  }
  socket.close();
} finally {
  child.kill();
}
