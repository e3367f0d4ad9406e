/** avpops: AVPs of a request made, looked at, put into it, and kept in a table. */
import type { FunctionSpec, ParameterSpec, SipModule } from '../../script/types.ts';
import { checkSubstitution } from '../textops/substitution.ts';
import { databaseOf, databaseUrl, flag, isVariable, sqlName } from '../value-checks.ts';
import { checkAvp, checkFlags, checkValue, cutFlags } from './arguments.ts';
import { check, checkOperation } from './check.ts';
import { copy, isSet, OPERATION_NAMES, operate, print, pushTo, remove, write } from './memory.ts';
import { Preferences } from './preferences.ts';
import { checkDestinations, checkStatement, query } from './query.ts';
import { checkSubstituted, substitute } from './substitute.ts';

const EVERYWHERE = ['request', 'failure', 'reply', 'branch'] as const;
const WAITING = ['request', 'failure'] as const;
const SOURCE = 'of the user: "$ru", "$from/username", "$td/domain", "$avp(s:id)/uuid"';
const WHICH = '"$avp(s:name)", "a" (all), "i" or "s" (those named so), perhaps with "/table"';
const SUBSTITUTION =
  'by "/expression/replacement/flags"; with /g all values, with /d the old ones go. -1: it matches none.';

const functions: readonly FunctionSpec[] = [
  memory('avp_write', 2, 'Adds a value ("i:5", "s:text", a variable, perhaps with /username or /domain) to the AVP.', [
    checkValue,
    (text) => checkAvp(text),
  ]),
  memory(
    'avp_delete',
    1,
    'Removes the first value of the AVP, with /g all; "a", "i" or "s" all AVPs, or those named so.',
    [(text) => (/^[ais]$/i.test(text) ? undefined : checkAvp(text, 'g'))],
  ),
  memory(
    'avp_pushto',
    2,
    'Puts the value into "$ru", its /username or /domain, "$du" or "$br"; with /g each further one becomes a branch.',
    [checkPlace, checkSource('g')],
  ),
  memory(
    'avp_check',
    2,
    'Compares the AVP or variable by "operator/value", with /g any value, with /i in any case. Operators: eq ne lt le gt ge re fm and or xor.',
    [checkSource(''), checkOperation],
  ),
  memory(
    'avp_copy',
    2,
    'Copies the first value of an AVP to another; /g all values, /d the old ones go, /n and /s make numbers or texts of them.',
    [(text) => checkAvp(text), (text) => checkAvp(text, 'gdns')],
  ),
  memory(
    'avp_op',
    2,
    'Calculates "source[/target]" by "operator/value": add sub mul div mod and or xor not; /g all values, /d the old ones go.',
    [checkPair, checkCalculation],
  ),
  memory('avp_subst', 2, `Changes the AVP, or "source/target" makes another one of it, ${SUBSTITUTION}`, [
    checkSubstituted,
    checkSubstitution,
  ]),
  memory('avp_subst_pv', 2, 'As avp_subst.', [checkSubstituted, checkSubstitution]),
  memory('is_avp_set', 1, 'Is there a value: /s a text, /n a number, /e an empty one?', [
    (text) => checkAvp(text, 'sne'),
  ]),
  { name: 'avp_print', arity: [0], routes: EVERYWHERE, describe: 'Writes all AVPs into the log.' },
  stored('avp_db_load', `Adds the AVPs that the table has ${SOURCE}; ${WHICH}. -1: none, or it cannot be asked.`),
  stored('avp_db_store', `Adds the AVPs to the rows ${SOURCE}; ${WHICH}. 1: they are durable.`),
  {
    name: 'avp_db_query',
    arity: [1, 2],
    routes: WAITING,
    describe:
      'Asks the database a statement (SELECT, INSERT, UPDATE, DELETE, REPLACE); the columns of each row become "$avp(s:a);$avp(i:2)", ' +
      'or $avp(i:1) and so on; 64 rows at most unless it has a LIMIT. Variables stand for values, never for parts of the statement, with quotes ' +
      'around them or without. -1: it failed, -2: there are no rows.',
    ownSyntax: [0, 1],
    asks: true,
    checkArgument: (index, text) => (index === 0 ? checkStatement(text) : checkDestinations(text)),
  },
  stored('avp_db_delete', `Deletes the rows ${SOURCE}; ${WHICH}. 1: that is durable.`),
];

const parameters: readonly ParameterSpec[] = [
  databaseUrl,
  { ...databaseUrl, name: 'avp_url', describe: 'As db_url.' },
  { name: 'avp_table', type: 'string', default: 'usr_preferences', describe: 'Table of AVPs.', check: sqlName },
  {
    name: 'use_domain',
    type: 'int',
    default: 0,
    describe: '1: rows of a URI must have its domain too.',
    check: flag,
  },
  column('uuid', 'the user'),
  column('username', 'the name of the user'),
  column('domain', 'the domain of the user'),
  column('attribute', 'the name of the AVP'),
  column('value', 'its value'),
  column('type', 'what they are: 1 a number as value, 2 as name, 3 as both'),
];

export const avpops: SipModule = {
  name: 'avpops',
  describe: 'Works with AVPs, the values that go with a request, and keeps them for users.',
  needs: [],
  parameters,
  functions,
  absent: {
    avp_aliases:
      'write it at the top of the file, as a setting of the core: avp_aliases="voicemail=i:500;fwd=s:callfwd"',
  },
  build(values, services, uses) {
    const database = databaseOf(values.avp_url === null ? values : { db_url: values.avp_url! }, services);
    const preferences = new Preferences(values, database, services);
    return {
      functions: {
        avp_write: (value, name) => write(value!, name!, uses),
        avp_delete: (name) => remove(name!, uses),
        avp_pushto: (place, name) => pushTo(place!, name!, uses),
        avp_check: (name, operation) => check(name!, operation!, uses),
        avp_copy: (from, to) => copy(from!, to!, uses),
        avp_op: (names, operation) => operate(names!, operation!, uses),
        avp_subst: (names, text) => substitute(names!, text!, uses),
        avp_subst_pv: (names, text) => substitute(names!, text!, uses),
        is_avp_set: (name) => isSet(name!, uses),
        avp_print: () => print(services.log),
        avp_db_query: (statement, names) => query(statement!, names, database, services, uses),
        avp_db_load: (source, name) => preferences.load(source!, name!, uses),
        avp_db_store: (source, name) => preferences.store(source!, name!, uses),
        avp_db_delete: (source, name) => preferences.delete(source!, name!, uses),
      },
      start: () => preferences.open(),
    };
  },
};

type Check = (text: string) => string | undefined;

function memory(name: string, count: number, describe: string, checks: readonly Check[]): FunctionSpec {
  const ownSyntax = checks.map((_, index) => index);
  return {
    name,
    arity: [count],
    routes: EVERYWHERE,
    describe,
    ownSyntax,
    checkArgument: (i, text) => checks[i]?.(text),
  };
}

function stored(name: string, describe: string): FunctionSpec {
  const checkArgument = (index: number, text: string) => (index === 0 ? checkOwner(text) : checkWhich(text));
  return { name, arity: [2], routes: WAITING, describe, ownSyntax: [0, 1], asks: true, checkArgument };
}

function column(name: string, what: string): ParameterSpec {
  return {
    name: `${name}_column`,
    type: 'string',
    default: name,
    describe: `Column with ${what}.`,
    check: sqlName,
  };
}

function checkPlace(text: string): string | undefined {
  return /^\$(br|(du|duri)|(ru|ruri)(\/(username|domain))?)$/.test(text)
    ? undefined
    : `must be "$ru", "$ru/username", "$ru/domain", "$du" or "$br", but is "${text}"`;
}

function checkSource(flags: string): Check {
  return (text) => {
    const [name, given] = cutFlags(text);
    return isVariable(name) ? checkFlags(given, flags) : checkAvp(text, flags);
  };
}

function checkPair(text: string): string | undefined {
  const [source, target] = cutFlags(text);
  return checkAvp(source) ?? (target === '' ? undefined : checkAvp(target));
}

function checkCalculation(text: string): string | undefined {
  const [operator, rest] = cutFlags(text);
  if (!OPERATION_NAMES.includes(operator.toLowerCase())) {
    return `must begin with one of ${OPERATION_NAMES.join(', ')} and a \`/\`, but is "${text}"`;
  }
  const [value, flags] = cutFlags(rest);
  if (!/^i:/.test(value) && !isVariable(value)) return `must have "i:5" or a variable as value, but has "${value}"`;
  return checkValue(value) ?? checkFlags(flags, 'gd');
}

function checkOwner(text: string): string | undefined {
  const [name, how] = cutFlags(text);
  if (name === '') return 'must name a user';
  return /^(|uri|username|domain|uuid)$/i.test(how)
    ? undefined
    : `must have /uri, /username, /domain or /uuid behind the user, but has "/${how}"`;
}

function checkWhich(text: string): string | undefined {
  const [name, table] = cutFlags(text);
  const complaint = /^[ais]$/i.test(name) ? undefined : checkAvp(name);
  return complaint ?? (table === '' ? undefined : sqlName(table));
}
