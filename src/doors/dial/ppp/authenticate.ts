/**
 * Who is at the other end: PAP, CHAP with MD5, MS-CHAPv2, each weighed by the gate, which is asked once.
 *
 * Sources: RFC 1334 section 2, RFC 1994 section 4, RFC 2759 sections 3 to 6.
 */
import { randomBytes } from 'node:crypto';
import type { ChapProof, MsChapProof, PasswordProof } from '../../../core/gate/types.ts';
import type { Account } from '../../../core/users/types.ts';
import type { Packet } from './frames.ts';
import type { Link, Method } from './link.ts';

export interface Claim {
  /** As it was written. */
  readonly name: string;
  readonly proof: PasswordProof | ChapProof | MsChapProof;
  /** Tells the other end. `account`: proven. */
  settle(account: Account | undefined): void;
}

const PAP = 0xc023;
const CHAP = 0xc223;
const NAME = Buffer.from('gatehouse');
const [CHALLENGE, RESPONSE, SUCCESS, FAILURE] = [1, 2, 3, 4];
const [REQUEST, ACK, NAK] = [1, 2, 3];
const CHALLENGE_BYTES = 16;

/** Undefined: nobody said who he is. */
export async function hearClaim(link: Link, method: Method): Promise<Claim | undefined> {
  return method === 'pap' ? hearPassword(link) : hearResponse(link, method);
}

async function hearPassword(link: Link): Promise<Claim | undefined> {
  const packet = await link.exchange(undefined, PAP);
  if (packet === undefined || packet.code !== REQUEST) return undefined;
  const { data, identifier } = packet;
  const name = counted(data, 0);
  const password = name && counted(data, name.length + 1);
  if (name === undefined || password === undefined) return undefined;
  return {
    name: name.toString(),
    proof: { kind: 'password', password: password.toString() },
    settle: (account) => {
      const code = account === undefined ? NAK : ACK;
      link.send({ protocol: PAP, code, identifier, data: Buffer.of(0) });
    },
  };
}

async function hearResponse(link: Link, method: 'chap' | 'ms-chap-v2'): Promise<Claim | undefined> {
  const challenge = randomBytes(CHALLENGE_BYTES);
  const data = Buffer.concat([Buffer.of(CHALLENGE_BYTES), challenge, NAME]);
  const packet = await link.exchange({ protocol: CHAP, code: CHALLENGE, data }, CHAP);
  if (packet === undefined || packet.code !== RESPONSE) return undefined;
  const value = counted(packet.data, 0);
  if (value === undefined) return undefined;
  const name = packet.data.subarray(1 + value.length).toString();
  return method === 'chap'
    ? chapClaim(link, packet, name, { challenge, response: value })
    : msChapClaim(link, packet, name, challenge, value);
}

function chapClaim(
  link: Link,
  { identifier }: Packet,
  name: string,
  { challenge, response }: Pick<ChapProof, 'challenge' | 'response'>,
): Claim {
  return {
    name,
    proof: { kind: 'chap', identifier, challenge, response },
    settle: (account) =>
      link.send({
        ...{ protocol: CHAP, identifier, data: Buffer.alloc(0) },
        code: account === undefined ? FAILURE : SUCCESS,
      }),
  };
}

/** Peer's challenge, eight bytes that are zero, NT-Response, flags. */
function msChapClaim(
  link: Link,
  { identifier }: Packet,
  name: string,
  challenge: Buffer,
  value: Buffer,
): Claim | undefined {
  if (value.length !== 49) return undefined;
  const [peerChallenge, response] = [value.subarray(0, 16), value.subarray(24, 48)];
  const username = name.slice(name.lastIndexOf('\\') + 1);
  const proof: MsChapProof = { kind: 'ms-chap', version: 2, username, challenge, peerChallenge, response };
  return {
    name: username,
    proof,
    settle: (account) => {
      const success = account?.msChapKeys?.(proof)?.success;
      // 691: wrong name or password; no retry.
      const text = success ?? `E=691 R=0 C=${randomBytes(16).toString('hex').toUpperCase()} V=3 M=no`;
      const code = success === undefined ? FAILURE : SUCCESS;
      link.send({ protocol: CHAP, code, identifier, data: Buffer.from(text) });
    },
  };
}

/** A length and so many bytes; undefined: they are not all there. */
function counted(data: Buffer, at: number): Buffer | undefined {
  const length = data[at];
  return length === undefined || at + 1 + length > data.length ? undefined : data.subarray(at + 1, at + 1 + length);
}
