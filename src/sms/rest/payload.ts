/**
 * Filling the PAYLOAD of RestSMSProvider with number and text.
 *
 * A key is a path (`text`, `sms.to[0].msisdn`). Where PAYLOAD has a member there, as LinOTP does: of the member's text the tag is replaced, a list of
 * numbers has it replaced in each of its texts, anything else becomes the value. Where it has none, but `<KEY>` stands in some text, as the manual
 * says: every `<KEY>` is replaced, and no member is added. Where neither is so, the member is added.
 */
import { badConfig } from '../config.ts';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type Path = readonly (string | number)[];

export interface Slot {
  /** SMS_TEXT_KEY or SMS_PHONENUMBER_KEY as it is written. */
  readonly key: string;
  readonly path: Path;
  /** `<message>` or `<phone>`. */
  readonly tag: string;
}

/** Errors: SMS_CONFIG. `option`: whose value the key is. */
export function slotOf(option: string, key: string, tag: string): Slot {
  const path: (string | number)[] = [];
  for (const part of key.split('.')) {
    const found = /^([^[\]]+)((?:\[[0-9]{1,3}\])*)$/.exec(part);
    if (!found)
      throw badConfig(
        option,
        `${JSON.stringify(key)} is no path`,
        'write a name, or names and places: sms.to[0].msisdn',
      );
    path.push(found[1]!, ...found[2]!.matchAll(/[0-9]+/g).map(([digits]) => Number(digits)));
  }
  if (path.length > 20) throw badConfig(option, 'the path has over 20 parts', 'write a shorter one');
  if (path.includes('__proto__')) throw badConfig(option, 'there is no such member', 'write another name');
  return { key, path, tag };
}

export function fill(payload: Json, slot: Slot, value: string): Json {
  const there = memberAt(payload, slot.path);
  if (there !== undefined) return withMember(payload, slot.path, filled(there, slot.tag, value));
  const placeholder = `<${slot.key}>`;
  if (JSON.stringify(payload).includes(JSON.stringify(placeholder).slice(1, -1)))
    return replaced(payload, placeholder, value);
  return withMember(payload, slot.path, value);
}

function filled(template: Json, tag: string, value: string): Json {
  if (typeof template === 'string' && template.includes(tag)) return template.replaceAll(tag, () => value);
  if (Array.isArray(template))
    return template.map((one) => (typeof one === 'string' ? one.replaceAll(tag, () => value) : one));
  return value;
}

function memberAt(json: Json, path: Path): Json | undefined {
  let here: Json | undefined = json;
  for (const part of path) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, part)) return undefined;
    here = (here as { readonly [name: string | number]: Json })[part];
  }
  return here;
}

/** A copy; a place past the end of a list is its end. */
function withMember(json: Json | undefined, path: Path, value: Json): Json {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  if (typeof part === 'number') {
    const list = Array.isArray(json) ? [...json] : [];
    const at = Math.min(part, list.length);
    list[at] = withMember(list[at], rest, value);
    return list;
  }
  const object = typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {};
  const before = Object.hasOwn(object, part) ? (object as { readonly [name: string]: Json })[part] : undefined;
  return { ...object, [part]: withMember(before, rest, value) };
}

function replaced(json: Json, placeholder: string, value: string): Json {
  if (typeof json === 'string') return json.replaceAll(placeholder, () => value);
  if (Array.isArray(json)) return json.map((one) => replaced(one, placeholder, value));
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([name, one]) => [name, replaced(one, placeholder, value)]));
}
