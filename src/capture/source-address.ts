/** Which of our addresses the kernel would use towards a target: a UDP socket is connected, which sends nothing. */
import { createSocket } from "node:dgram";

/** Any port does; nothing is sent to it. */
const PORT = 9;

/** The source address, null when there is no route. */
export function sourceAddress(target: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket(target.includes(":") ? "udp6" : "udp4");
    const end = (address: string | null): void => {
      socket.close();
      resolve(address);
    };
    socket.once("error", () => end(null));
    socket.connect(PORT, target, () => end(socket.address().address));
  });
}
