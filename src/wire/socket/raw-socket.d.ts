declare module "raw-socket" {
  export interface SocketWrap {
    close(): void;
    getOption(level: number, option: number, value: Buffer, length: number): number;
    setOption(level: number, option: number, value: number): void;
    setOption(level: number, option: number, value: Buffer, length: number): void;
    pause(recv: boolean, send: boolean): void;
    recv(buffer: Buffer, callback: (buffer: Buffer, length: number, source: string) => void): void;
    send(buffer: Buffer, offset: number, length: number, address: string, callback: (sent: number) => void): void;
    emit(event: string, argument?: Error): void;
  }
  export interface Socket {
    readonly wrap: SocketWrap;
    buffer: Buffer;
  }
  export const AddressFamily: { readonly IPv4: number; readonly IPv6: number };
  export const Protocol: { readonly ICMP: number; readonly ICMPv6: number };
  export function createSocket(options: { protocol: number; addressFamily: number; bufferSize?: number }): Socket;
}
