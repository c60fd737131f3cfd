/** Holds one second of 10,000 replies: 832 bytes of kernel memory each (measured), of which SO_RCVBUF counts half. */
export const RECEIVE_BUFFER_BYTES: number = 4 * 1024 * 1024;
/** Kernel memory of a reply to a probe (measured). Larger packets are rare. */
export const REPLY_MEMORY_BYTES = 832;
