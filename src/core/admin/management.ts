/**
 * Management commands: what SER and OpenSER are told through their FIFO, by name and with texts as arguments. The same commands come
 * over the FIFO, the control socket and HTTP.
 */
import type { Administration } from './types.ts';

/** A line as it stands, or a value with its name. */
export type ManagementLine = string | readonly [name: string, value: string | number];

export interface ManagementReply {
  /** As in SIP: 200, 400, 404, 500 … */
  readonly status: number;
  readonly reason: string;
  /** Made as they are read: there may be very many. */
  readonly lines: Iterable<ManagementLine>;
}

export interface Management {
  /** `by`: the administration of whoever asks. A command that cannot be done is a reply, not an error. */
  command(by: Administration, name: string, args: readonly string[]): Promise<ManagementReply>;
}
