/**
 * A SIP message as it came: one latin1 string (a character is a byte) and an index of its header lines. Nothing else is parsed until
 * it is asked for.
 *
 * Source: RFC 3261 sections 7 and 25. Folded headers, compact names and any case are understood.
 */
import type { HeaderId } from './header-names.ts';

/** One URI of a Via, Route, Contact, From or To header, not yet taken apart. */
export interface NameAddr {
  /** As written, quotes included; empty: none. */
  readonly display: string;
  /** Between the angle brackets, or the bare addr-spec. */
  readonly uri: string;
  /** Header parameters as written, from the first `;` on; empty: none. */
  readonly params: string;
}

export interface Via {
  readonly protocol: 'UDP' | 'TCP' | 'TLS' | 'WS' | 'WSS' | string;
  readonly host: string;
  /** 0: none given. */
  readonly port: number;
  readonly branch: string;
  readonly received: string | undefined;
  /** undefined: no rport; 0: rport without a value. */
  readonly rport: number | undefined;
  readonly maddr: string | undefined;
}

export interface CSeq {
  readonly number: number;
  readonly method: string;
}

export declare class SipMessage {
  readonly raw: string;
  readonly isRequest: boolean;
  /** Requests: method as written and Request-URI; responses: ''. */
  readonly method: string;
  readonly uri: string;
  /** Responses: status and phrase; requests: 0 and ''. */
  readonly status: number;
  readonly reason: string;

  /** Header lines, in order. */
  readonly headerCount: number;
  idAt(index: number): HeaderId;
  /** Name as written. */
  nameAt(index: number): string;
  /** Value without surrounding white space; folds become one space. */
  valueAt(index: number): string;
  /** The line as it came, with its CRLF. */
  lineAt(index: number): string;
  /** Index of the first header of this kind from `from` on, or -1. */
  indexOf(id: HeaderId, from?: number): number;
  /** Value of the first header of this kind. */
  value(id: HeaderId): string | undefined;
  /** The first header with this name (any case, long or compact), for names that have no id. */
  valueNamed(name: string): string | undefined;

  /** Topmost Via; undefined when absent or broken. */
  readonly via: Via | undefined;
  readonly viaCount: number;
  readonly from: NameAddr | undefined;
  readonly to: NameAddr | undefined;
  /** The tag parameter, '' = none. */
  readonly fromTag: string;
  readonly toTag: string;
  readonly callId: string;
  readonly cseq: CSeq | undefined;
  readonly body: string;
  /** -1: no such header; -2: not a number. */
  readonly contentLength: number;
}
