/** The thread that answers questions: the endpoints that read, on a connection of its own. A store that is away ends it, and the next question tries again. */
import { parentPort, workerData } from "node:worker_threads";
import { readingEndpoints } from "../api/endpoints.ts";
import { jsonText, Refusal } from "../http/refusal.ts";
import { createReports } from "../reports/reports.ts";
import { openStore } from "../store/open-store.ts";
import { StoreUnavailable } from "../store/port.ts";
import type { Question, ReaderData, Reply, ReplyBody } from "./messages.ts";

const store = await openStore((workerData as ReaderData).store);
const endpoints = new Map(readingEndpoints(store, createReports(store, Date.now)).map((endpoint) => [endpoint.path, endpoint]));
const encoder = new TextEncoder();

parentPort?.on("message", (question: Question) => void answer(question));

async function answer({ number, path, parameters, query, receivedMs }: Question): Promise<void> {
  try {
    const found = await endpoints.get(path)?.handle({ holder: null, parameters, query: new URLSearchParams(query), body: null, receivedMs });
    const bytes = encoder.encode(found?.kind === "json" ? jsonText(found.value) : "");
    say({ number, kind: "answer", bytes }, [bytes.buffer]);
  } catch (error) {
    say({ number, ...failure(error) });
  }
}

function failure(error: unknown): ReplyBody {
  if (error instanceof Refusal) return { kind: "refusal", status: error.status, code: error.code, message: error.message, headers: error.headers };
  if (error instanceof StoreUnavailable) return { kind: "unavailable", message: error.message };
  return { kind: "failed", message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

function say(reply: Reply, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(reply, transfer);
}
