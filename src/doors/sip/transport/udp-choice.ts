/** Which of the two ways to UDP is taken: the native module where there is one that works, else Node's dgram. */
import { existsSync } from 'node:fs';
import { loadNativeUdp, NATIVE_UDP } from '../../../platform/udp/native-udp.ts';
import type { OpenDatagramSocket } from './datagram.ts';
import { nativeSockets } from './native-socket.ts';
import { openUdp } from './udp.ts';

export interface UdpChoice {
  readonly name: 'native' | 'dgram';
  readonly open: OpenDatagramSocket;
  /** Why it is not the native one. */
  readonly why: string | undefined;
  /** There is a module, and it does not work here. */
  readonly broken: boolean;
}

export function chooseUdp(native: boolean, file: string = NATIVE_UDP): UdpChoice {
  const dgram = { name: 'dgram', open: openUdp, broken: false } as const;
  if (!native) return { ...dgram, why: 'sip.native_udp is false' };
  try {
    return { name: 'native', open: nativeSockets(loadNativeUdp(file)), why: undefined, broken: false };
  } catch (error) {
    return { ...dgram, why: (error as Error).message, broken: existsSync(file) };
  }
}
