/** What the dial-in door says of a line: bytes both ways, and whether its far end is still there. */

/** What is at the other end of a connected line: bytes both ways. Also what a script or a dialogue talks to, in tests over a pair in memory. */
export interface Host {
  write(bytes: Uint8Array): void;
  /** One listener; undefined: stop reading (bytes stay where they are), as while another program has the line. */
  listen(onBytes: ((bytes: Buffer) => void) | undefined): void;
}

/** A raw 8-bit serial line or PTY. */
export interface Line extends Host {
  /** As configured: a symbolic link is not resolved. */
  readonly path: string;
  /** End of file, EIO, the device unplugged or hung up: once, at once when it has happened already. */
  onGone(listener: () => void): void;
  /** undefined: this line cannot show it (PTY). */
  carrier(): Promise<boolean | undefined>;
  /** B0 where modem lines are missing. */
  dropDtr(ms: number): Promise<void>;
  close(): Promise<void>;
}

export interface LineLock {
  release(): void;
}
