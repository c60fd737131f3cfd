/**
 * What the service manager hears from the agent: that it is ready, what it is doing, and that *both* processes are alive. A sign of life is passed on only when
 * one has just come from the wire, so that either of them, hanging, starves the watchdog; a timer of the agent's own would vouch for the agent alone.
 */
import { type ServicePorts, ServiceVoice } from "./service-voice.ts";

export class ServiceLink {
  readonly #voice: ServiceVoice;
  readonly #losing = new Set<string>();

  constructor(ports: ServicePorts) {
    this.#voice = new ServiceVoice(ports);
  }

  /** The wire probes, and the first replies are in or overdue. */
  ready(peers: number, answering: number): void {
    this.#voice.ready(this.#status(peers, answering));
  }

  /** The wire has just said that it is alive. */
  alive(peers: number, answering: number): void {
    this.#voice.alive(this.#status(peers, answering));
  }

  /** A peer loses packets, or no longer. */
  burst(peer: string, isOpen: boolean): void {
    if (isOpen) this.#losing.add(peer);
    else this.#losing.delete(peer);
  }

  /** The wire is gone, and with it what it said of bursts. */
  wireGone(): void {
    this.#losing.clear();
  }

  stopping(): void {
    this.#voice.stopping();
  }

  #status(peers: number, answering: number): string {
    const silent = answering < peers ? [`${peers - answering} never answered`] : [];
    const losing = this.#losing.size > 0 ? [`${this.#losing.size} losing packets now`] : [];
    return [`probing ${peers} ${peers === 1 ? "peer" : "peers"}`, ...silent, ...losing].join(", ");
  }
}
