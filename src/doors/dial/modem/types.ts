/** What the dial-in door says of a modem: how to talk to it, and what became of a call. */
import type { Host } from '../line/types.ts';

/** The strings and times of a modem, with the defaults of KPPP. Strings are without line end. */
export interface ModemStrings {
  /** Of the serial line, bit/s. */
  readonly speed: number;
  readonly flowControl: 'hardware' | 'software' | 'none';
  /** Ends each command: CR, LF or CR LF. */
  readonly lineEnd: '\r' | '\n' | '\r\n';
  readonly init: readonly string[];
  readonly initResponse: string;
  /** Before and after a line end by itself that wakes the modem; 0: none is sent. */
  readonly preInitDelayMs: number;
  /** After each answered init string. */
  readonly initDelayMs: number;
  /** undefined: the modem's own, no ATS11 is sent. */
  readonly toneDurationMs: number | undefined;
  /** AT and this is sent after the init strings. */
  readonly volume: string;
  /** Sent where no dial tone is to be waited for. */
  readonly noDialToneDetection: string;
  readonly waitForDialTone: boolean;
  readonly dial: string;
  readonly connect: string;
  readonly busy: string;
  readonly noCarrier: string;
  readonly noDialTone: string;
  readonly digitalLine: string;
  readonly ring: string;
  readonly answer: string;
  readonly answerResponse: string;
  /** Begins with the escape string, which is sent by itself, between guard times. */
  readonly hangUp: string;
  readonly hangUpResponse: string;
  readonly escape: string;
  readonly escapeResponse: string;
  readonly escapeGuardMs: number;
}

export interface Ring {
  readonly callerId?: string;
}

export type DialResult =
  | { readonly kind: 'connected'; readonly call: Call }
  | {
      readonly kind:
        | 'busy'
        | 'no carrier'
        | 'no answer'
        | 'no dialtone'
        | 'error'
        | 'glare'
        | 'timed out'
        | 'cancelled';
    };

/** One connection; a fresh buffer each. */
export interface Call extends Host {
  /** bit/s of the CONNECT line. */
  readonly speed: number | undefined;
  /** Aborted when the carrier is lost, the modem says NO CARRIER as a whole line after loss, or we hung up. */
  readonly ended: AbortSignal;
}

export interface CommandResult {
  /** OK, ERROR, NO CARRIER and so on. */
  readonly result: string;
  /** What came before it, without the echo. */
  readonly lines: readonly string[];
}

export interface Modem {
  /** Init strings, each answered; MODEM_SILENT names the command and shows what came back in printable form. */
  init(): Promise<void>;
  command(text: string, timeoutMs?: number): Promise<CommandResult>;
  dial(number: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<DialResult>;
  /** undefined: time over or cancelled. */
  waitForRing(options: { timeoutMs?: number; rings?: number; signal?: AbortSignal }): Promise<Ring | undefined>;
  answer(options: { timeoutMs: number; signal?: AbortSignal }): Promise<DialResult>;
  /** With S0 >= 1 set by an imported dial string: waits for CONNECT and sends nothing. */
  waitForConnect(options: { timeoutMs: number; signal?: AbortSignal }): Promise<DialResult>;
  /** Guard time, +++, guard time, ATH, DTR as second means; in command state again afterwards. Never rejects for a line already down. */
  hangUp(): Promise<void>;
  /** S0=0, &C1, read back; part of every end path. */
  restore(): Promise<void>;
  /** hangUp, restore, line closed (the lock is its owner's). */
  close(): Promise<void>;
}
