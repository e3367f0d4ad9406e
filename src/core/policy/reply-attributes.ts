/**
 * What a rule of the scope `radius` adds to an answer: `reply.Filter-Id=guests`, or in short `vlan=20`. Names and values are those of
 * dictionaries (docs/radius.md), and are written as bytes when the rule is set. Errors: POLICY_INVALID.
 */
import { GatehouseError } from '../../platform/errors.ts';
import type { Attribute } from '../../platform/radius/attributes.ts';
import { type Dictionary, writeAttribute } from '../../platform/radius/dictionary/dictionary.ts';
import { standardDictionary } from '../../platform/radius/dictionary/standard.ts';
import type { ActionValue } from './action-text.ts';

export interface ReplyAction {
  /** With the attribute's name as its dictionary writes it. */
  readonly action: string;
  readonly value: string;
  readonly attributes: readonly Attribute[];
}

const PREFIX = 'reply.';
/** What the door itself says, or what is no business of answers: by number. */
const NOT_GIVEN: ReadonlySet<number> = new Set([2, 3, 24, 25, 26, 27, 33, 60, 79, 80]);
/** RFC 3580 section 3.31: Tunnel-Type VLAN over IEEE-802. */
const VLAN = [
  ['Tunnel-Type', '13'],
  ['Tunnel-Medium-Type', '6'],
] as const;

export function isReplyAction(action: string): boolean {
  return action === 'vlan' || action.startsWith(PREFIX);
}

export class ReplyAttributes {
  readonly #dictionary: Dictionary;

  constructor(dictionary: Dictionary = standardDictionary()) {
    this.#dictionary = dictionary;
  }

  read(action: string, value: ActionValue): ReplyAction {
    if (typeof value !== 'string' || value === '') throw invalid(`${action} needs a value`, `write ${action}=VALUE`);
    if (action !== 'vlan') {
      const { name, attribute } = this.#write(action.slice(PREFIX.length), value);
      return { action: `${PREFIX}${name}`, value, attributes: [attribute] };
    }
    const attributes = [...VLAN, ['Tunnel-Private-Group-Id', value] as const];
    return { action, value, attributes: attributes.map(([name, text]) => this.#write(name, text).attribute) };
  }

  #write(name: string, value: string): { name: string; attribute: Attribute } {
    const known = this.#dictionary.attribute(name);
    if (known === undefined)
      throw invalid(
        `no dictionary has an attribute ${name}`,
        'name more of them in `radius.dictionaries` of gatehouse.yaml',
      );
    if (known.vendor === 0 && NOT_GIVEN.has(known.type))
      throw invalid(`${known.name} is not for policies to give`, 'for a time limit write session_seconds=3600');
    const attribute = writeAttribute(known, value);
    if (typeof attribute === 'string')
      throw invalid(`${known.name}: ${attribute}`, 'see docs/radius.md for how values are written');
    return { name: known.name, attribute };
  }
}

function invalid(why: string, hint: string): GatehouseError {
  return new GatehouseError('POLICY_INVALID', `action: ${why}`, { hint });
}
