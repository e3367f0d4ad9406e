/** What a message is asked for by a bare word: `method`, `uri`, `src_ip`, `msg:len` ... */
import type { SipUri } from '../message/uri.ts';
import type { Run } from '../run.ts';

export type WordValue =
  | {
      readonly type: 'string';
      /** Takes it apart, where it is a URI. */
      readonly uri: ((run: Run) => SipUri | undefined) | undefined;
      read(run: Run): string | undefined;
    }
  | { readonly type: 'address'; read(run: Run): string }
  | { readonly type: 'number'; readonly words: Readonly<Record<string, number>>; read(run: Run): number };

/** The numbers are Kamailio's. */
const PROTOCOLS: Readonly<Record<string, number>> = { UDP: 1, TCP: 2, TLS: 3, WS: 5, WSS: 6 };

const method: WordValue = { type: 'string', uri: undefined, read: (run) => run.message.method };
const status: WordValue = {
  type: 'string',
  uri: undefined,
  read: (run) => (run.message.isRequest ? run.message.method : String(run.message.status)),
};
const returned: WordValue = { type: 'number', words: {}, read: (run) => run.returned };

const VALUES: ReadonlyMap<string, WordValue> = new Map<string, WordValue>([
  ['method', method],
  ['status', status],
  ['uri', { type: 'string', uri: (run) => run.requestUri, read: (run) => run.uri }],
  ['from_uri', { type: 'string', uri: (run) => run.message.fromUri, read: (run) => run.message.from?.uri }],
  ['to_uri', { type: 'string', uri: (run) => run.message.toUri, read: (run) => run.message.to?.uri }],
  ['src_ip', { type: 'address', read: (run) => run.source.address }],
  ['dst_ip', { type: 'address', read: (run) => run.source.point.address }],
  ['src_port', { type: 'number', words: {}, read: (run) => run.source.port }],
  ['dst_port', { type: 'number', words: {}, read: (run) => run.source.point.port }],
  ['af', { type: 'number', words: { INET: 4, INET6: 6 }, read: (run) => run.source.point.family }],
  ['proto', { type: 'number', words: PROTOCOLS, read: protocolNumber }],
  ['msg:len', { type: 'number', words: {}, read: (run) => run.message.raw.length }],
  ['retcode', returned],
  ['return_code', returned],
]);

export const WORD_NAMES: readonly string[] = [...VALUES.keys()];

export function wordValue(name: string): WordValue | undefined {
  return VALUES.get(name);
}

function protocolNumber({ source }: Run): number {
  const { protocol } = source.point;
  return protocol === 'udp' ? 1 : PROTOCOLS[protocol.toUpperCase()]!;
}
