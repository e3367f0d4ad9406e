/** permissions: who may call whom or register what, by files; who is trusted without credentials, by tables. */
import type { Run } from '../../run.ts';
import type { Call, FunctionSpec, SipModule } from '../../script/types.ts';
import type { Text } from '../../script/values/format.ts';
import { avpText, databaseOf, isVariable } from '../value-checks.ts';
import { Addresses } from './addresses.ts';
import { addressSpec, PERMISSIONS_PARAMETERS, trustedSpec } from './parameters.ts';
import { type RulePair, RulePairs } from './rule-pair.ts';
import { Trusted } from './trusted.ts';

const FILES = 'of "basename" with the suffixes, or of two files';
const ROUTES = ['request', 'failure'] as const;
const NO_PORT = -1;

const functions: readonly FunctionSpec[] = [
  {
    name: 'allow_routing',
    arity: [0, 1, 2],
    routes: ROUTES,
    describe: `May From call the Request-URI and all branches, by the rules ${FILES}?`,
    checkArgument: checkFile,
  },
  {
    name: 'allow_register',
    arity: [1, 2],
    routes: ROUTES,
    describe: `May To have all Contacts of the request, by the rules ${FILES}? "*" and none are allowed.`,
    checkArgument: checkFile,
  },
  {
    name: 'allow_uri',
    arity: [2],
    routes: ROUTES,
    describe: 'May From reach the URI that the variable holds, by the rules of "basename" with the suffixes?',
    ownSyntax: [1],
    checkArgument: (index, text) => (index === 0 ? checkFile(index, text) : checkVariable(text)),
  },
  {
    name: 'allow_refer_to',
    arity: [1, 2],
    routes: ROUTES,
    describe: `May From send somebody to the URI in Refer-To, by the rules ${FILES}? -1: no, or there is no such header.`,
    checkArgument: checkFile,
  },
  {
    name: 'allow_trusted',
    arity: [0, 2],
    routes: ROUTES,
    flow: 'sender',
    describe:
      'Is the sender, or the address and transport that two variables hold, in the table of trusted ones? -1: no, or the table could not be read for a minute.',
    ownSyntax: [0, 1],
    checkArgument: (_index, text) => checkVariable(text),
  },
  {
    name: 'set_address_group',
    arity: [1],
    routes: ROUTES,
    describe: 'The group that allow_address with two arguments asks, for this run of a route.',
    takesVariables: [0],
    checkArgument: (_index, text) => checkNumber(text),
  },
  {
    name: 'allow_address',
    arity: [2, 3],
    routes: ROUTES,
    flow: 'sender',
    describe:
      'Are address and port in the group: (address, port) or (group, address, port)? -1: no, or the table could not be read for a minute.',
    takesVariables: [0, 1, 2],
  },
  {
    name: 'allow_source_address',
    arity: [1],
    routes: ROUTES,
    flow: 'sender',
    describe: "Are the sender's address and port in the group?",
    takesVariables: [0],
    checkArgument: (_index, text) => checkNumber(text),
  },
  {
    name: 'allow_source_address_group',
    arity: [0],
    routes: ROUTES,
    flow: 'sender',
    describe:
      "The lowest number of a group that has the sender's address and port ($rc); -1: none has. Number a group 1 or more.",
  },
];

export const permissions: SipModule = {
  name: 'permissions',
  describe: 'Rules of who may call whom and register what, and senders who need no credentials.',
  needs: [],
  parameters: PERMISSIONS_PARAMETERS,
  functions,
  absent: {
    check_address: 'write allow_address("group", "$si", "$sp"); the protocol is not looked at',
    check_source_address: 'write allow_source_address("group")',
    get_source_group: 'write allow_source_address_group() and compare $rc',
  },
  build(p, services, uses) {
    const pairs = new RulePairs(services.options.folder, [String(p.allow_suffix), String(p.deny_suffix)]);
    const database = databaseOf(p, services);
    const tagAvp = typeof p.peer_tag_avp === 'string' ? uses.variable(avpText(p.peer_tag_avp)!) : undefined;
    const trusted = new Trusted(services, trustedSpec(p, database), p.db_mode === 0, tagAvp);
    const addresses = new Addresses(services, addressSpec(p, database));
    const groups = new WeakMap<Run, number>();
    const asks = (...names: string[]) => names.some((name) => uses.argumentsOf(name).length > 0);
    const asksTrusted = asks('allow_trusted');
    const asksAddresses = asks('allow_address', 'allow_source_address', 'allow_source_address_group');
    const inGroup = (group: number, address: string, port: string) =>
      addresses.has(group, address, /^\d{1,5}$/.test(port) ? Number(port) : NO_PORT) ? 1 : -1;

    return {
      functions: {
        allow_routing(first, second) {
          const pair =
            first === undefined
              ? pairs.of(String(p.default_allow_file), String(p.default_deny_file))
              : filesOf(first, second);
          return (run) => routing(run, pair, p.check_all_branches === 1);
        },
        allow_register(first, second) {
          const pair = filesOf(first!, second);
          return (run) => registering(run, pair);
        },
        allow_uri(basename, name) {
          const pair = pairs.named(basename!);
          const variable = uses.variable(name!)!;
          return (run) => reaching(run, pair, variable.read(run));
        },
        allow_refer_to(first, second) {
          const pair = filesOf(first!, second);
          const referTo = uses.variable('$rt')!;
          return (run) => reaching(run, pair, referTo.read(run));
        },
        allow_source_address_group:
          () =>
          ({ source }) =>
            addresses.groupOf(source.address, source.port) ?? -1,
        allow_trusted(addressName, protocolName) {
          if (addressName === undefined) {
            return (run) => trusted.check(run, run.source.address, run.source.point.protocol);
          }
          const address = uses.variable(addressName)!;
          const protocol = uses.variable(protocolName!)!;
          return (run) => trusted.check(run, String(address.read(run)), String(protocol.read(run)).toLowerCase());
        },
      },
      texts: {
        set_address_group: (group) => (run) => {
          groups.set(run, groupOf(group!, run));
          return 1;
        },
        allow_address: (first, second, third) =>
          third
            ? (run) => inGroup(groupOf(first!, run), second!.read(run), third.read(run))
            : (run) => inGroup(groups.get(run) ?? 0, first!.read(run), second!.read(run)),
        allow_source_address: (group) => (run) =>
          addresses.has(groupOf(group!, run), run.source.address, run.source.port) ? 1 : -1,
      },
      commands: {
        ...(asksTrusted && {
          trusted_reload: () => trusted.reload().then(() => []),
          trusted_dump: () => trusted.lines(),
        }),
        ...(asksAddresses && {
          address_reload: () => addresses.reload().then(() => []),
          address_dump: () => addresses.lines(),
        }),
      },
      async start() {
        pairs.read();
        if (asksTrusted) await trusted.open();
        if (asksAddresses) await addresses.open();
      },
    };

    function filesOf(first: string, second: string | undefined): RulePair {
      return second === undefined ? pairs.named(first) : pairs.of(first, second);
    }
  },
};

function routing(run: Run, pair: RulePair, all: boolean): number {
  const from = run.message.from?.uri;
  if (from === undefined) return -1;
  const others = all ? (run.branches ?? []) : [];
  return pair.allows(from, [run.uri, ...others.map(({ uri }) => uri)]) ? 1 : -1;
}

function registering({ message }: Run, pair: RulePair): number {
  const to = message.to?.uri;
  const { contacts } = message;
  if (to === undefined || contacts === undefined) return -1;
  const uris = contacts.map(({ uri }) => uri).filter((uri) => uri !== '*');
  return uris.length === 0 || pair.allows(to, uris) ? 1 : -1;
}

function reaching(run: Run, pair: RulePair, uri: unknown): number {
  const from = run.message.from?.uri;
  return from !== undefined && typeof uri === 'string' && pair.allows(from, [uri]) ? 1 : -1;
}

/** -1 is no group's number. */
function groupOf(text: Text, run: Parameters<Call>[0]): number {
  const value = text.read(run);
  return /^\d{1,9}$/.test(value) ? Number(value) : -1;
}

function checkFile(_index: number, text: string): string | undefined {
  return text === '' || text.includes('\0') ? 'must be the name of a file' : undefined;
}

function checkVariable(text: string): string | undefined {
  return isVariable(text) ? undefined : `must be a variable, but is "${text}"`;
}

function checkNumber(text: string): string | undefined {
  return /^\d{1,9}$/.test(text) ? undefined : `must be the number of a group in quotes, but is "${text}"`;
}
