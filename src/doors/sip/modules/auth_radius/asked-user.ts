/**
 * The user of one digest, whom a RADIUS server knows: the gate asks for him as for any other, so limits, rules and the audit trail count
 * here too; whether the digest is right that server says, once the gate finds that it may be asked.
 *
 * Errors (rejections): SIP_RADIUS, no server answers.
 */
import type { Account, UserSource } from '../../../../core/users/types.ts';
import { GatehouseError } from '../../../../platform/errors.ts';
import { type Attribute, numberAttribute } from '../../../../platform/radius/attributes.ts';
import { CODE } from '../../../../platform/radius/numbers.ts';
import type { RadiusServers } from '../../../../platform/radius/servers.ts';
import { unescapeUser } from '../../message/uri.ts';
import type { Run } from '../../run.ts';
import { AvpList, type AvpName } from '../../script/values/avps.ts';
import type { Found } from '../auth/examine.ts';
import type { UserBase } from '../auth/knock.ts';
import { type DigestForm, digestAttributes } from './digest-attributes.ts';
import { avpsIn, type GivenAvp, type ReplyNumbers } from './reply-avps.ts';

export interface Asking extends ReplyNumbers {
  readonly servers: Pick<RadiusServers, 'ask'>;
  readonly form: DigestForm;
  readonly serviceType: number;
  readonly sipUriUser: number;
  /** A request with one of these flags is asked about with its Request-URI in place of the digest's. */
  readonly ruriFlags: number;
  readonly rpid: AvpName | undefined;
}

const SERVICE_TYPE = 6;
const SIP_AOR = 122;

export class AskedUser implements UserBase, UserSource {
  readonly useDomain = true;
  readonly name = 'radius';
  readonly shared = false;
  readonly ignoresCase = true;
  readonly #asking: Asking;
  readonly #attributes: readonly Attribute[] | undefined;
  #given: readonly GivenAvp[] = [];

  constructor(run: Run, { proof }: Found, asking: Asking) {
    const uri = (run.flags & asking.ruriFlags) !== 0 ? run.uri : proof.uri;
    const digest = digestAttributes(proof, uri, asking.form);
    this.#asking = asking;
    this.#attributes = digest && [
      ...digest,
      numberAttribute(SERVICE_TYPE, asking.serviceType),
      ...callerAttributes(run, asking),
    ];
  }

  get source(): UserSource {
    return this;
  }

  find(name: string, domain: string): Account {
    return {
      id: `radius:${name}@${domain}`.toLowerCase(),
      login: `${name}@${domain}`,
      name,
      domain,
      locked: false,
      values: [],
      ha1: () => undefined,
      checkPassword: () => undefined,
      askDigest: () => this.#ask(),
    };
  }

  onProven(run: Run): void {
    if (this.#given.length === 0) return;
    run.avps ??= new AvpList();
    for (const [name, value] of this.#given) run.avps.push(name, value);
  }

  onWrongProof(): void {}

  async #ask(): Promise<boolean> {
    if (this.#attributes === undefined) return false;
    const { servers, rpid } = this.#asking;
    const reply = await servers.ask({ code: CODE.accessRequest, attributes: this.#attributes });
    if (reply === undefined) throw new GatehouseError('SIP_RADIUS', 'no RADIUS server says whether a digest is right');
    if (reply.code !== CODE.accessAccept) return false;
    this.#given = avpsIn(reply, this.#asking, rpid);
    return true;
  }
}

/** Who says that he sends the request, which the server may compare with the name that the digest is for. */
function callerAttributes(run: Run, { form, sipUriUser }: Asking): Attribute[] {
  const uri = run.message.method === 'REGISTER' ? run.message.toUri : run.message.fromUri;
  if (uri === undefined) return [];
  const user = unescapeUser(uri.user);
  const said = [{ type: sipUriUser, value: Buffer.from(user, 'latin1') }];
  if (form === 'rfc5090') said.push({ type: SIP_AOR, value: Buffer.from(`sip:${uri.user}@${uri.host}`, 'latin1') });
  return said.filter(({ value }) => value.length > 0 && value.length <= 253);
}
