/**
 * Gatehouse and Kamailio under the same load from sipp, in one run and in alternate rounds: CPU microseconds per successful
 * flow, of the server and of its database with all their children. What is printed is the median of the rounds.
 *
 * BENCH_RATE (flows per second), BENCH_FLOWS (of a round) and BENCH_ROUNDS change the load.
 */
import { join } from 'node:path';
import { freePort } from '../test/peers/ports.ts';
import { type Load, runSipp, startAnswering } from '../test/peers/sipp.ts';
import { missingPeers } from '../test/peers.ts';
import { note, printComparison } from './compare.ts';
import {
  type Contender,
  gatehouseInMemory,
  gatehouseOnMariadb,
  kamailioInMemory,
  kamailioOnMariadb,
  passwordOf,
  USERS,
  userName,
} from './contenders.ts';
import { cpuSeconds } from './processes.ts';
import { onStage, type Stage } from './stage.ts';

/** Of the flows; above it a comparison says that it does not count. */
const MOST_FAILURES = 0.001;

export interface SipComparison {
  readonly name: string;
  /** On MariaDB beside the listing, else in memory beside the expert's configuration. */
  readonly durable: boolean;
  /** Flows per second. */
  readonly rate: number;
  /** Flows in a round. */
  readonly flows: number;
  readonly load: SipLoad;
}

interface Amount {
  readonly rate: number;
  readonly flows: number;
}

/** Brings a server to where the load can be measured (users cached, contacts there, code compiled), and gives the load. */
export type SipLoad = (stage: Stage, target: string) => Promise<(amount: Amount) => Promise<Outcome>>;

/** Of one round. */
interface Outcome {
  readonly successful: number;
  readonly failed: number;
  readonly retransmissions: number;
}

interface Round extends Outcome {
  /** CPU microseconds per flow. */
  readonly server: number;
  readonly database: number;
}

/** Each user in turn registers, challenged once. */
export const registrations: SipLoad = async (stage, target) => {
  const [contact, port] = [await freePort(), await freePort()];
  const load = (amount: Amount) => register(stage, target, port, contact, amount);
  await load({ rate: 2500, flows: 2 * USERS });
  return load;
};

/** Each user in turn calls the next one, whose telephone is an answering machine. */
export const calls: SipLoad = async (stage, target) => {
  const [contact, registering, calling] = [await freePort(), await freePort(), await freePort()];
  const registered = await register(stage, target, registering, contact, { rate: 1000, flows: USERS });
  // Each call to somebody who is not there would count as failed.
  if (registered.failed > 0) throw new Error(`${registered.failed} telephones could not register before the calls`);
  await startAnswering(stage, join(import.meta.dirname, 'sipp', 'answer.xml'), contact);
  const load = (amount: Amount) => call(stage, target, calling, amount);
  await load({ rate: 500, flows: 3000 });
  return load;
};

export async function compareSip(comparison: SipComparison): Promise<void> {
  const { name, durable, load } = comparison;
  const rate = Number(process.env.BENCH_RATE ?? comparison.rate);
  const flows = Number(process.env.BENCH_FLOWS ?? comparison.flows);
  const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
  const missing = missingPeers(['kamailio', 'mariadb', 'sipp']);
  if (missing.length > 0) throw new Error(`install what is measured against first: ${missing.join(', ')}`);
  await onStage(async (stage) => {
    note(`${name}: starting both servers and warming them up`);
    const ours = await contend(stage, durable ? gatehouseOnMariadb : gatehouseInMemory, load);
    const theirs = await contend(stage, durable ? kamailioOnMariadb : kamailioInMemory, load);
    for (let round = 1; round <= rounds; round++) {
      for (const one of [ours, theirs]) {
        stage.check();
        one.rounds.push(await measure(one.contender, () => one.run({ rate, flows })));
        note(`${name}: round ${round} of ${rounds}, ${one.contender.name}: ${describe(one.rounds.at(-1)!)}`);
      }
    }
    print(name, { rate, flows }, ours.rounds, theirs.rounds);
  });
}

interface Contest {
  readonly contender: Contender;
  readonly rounds: Round[];
  run(amount: Amount): Promise<Outcome>;
}

async function contend(stage: Stage, start: (stage: Stage) => Promise<Contender>, load: SipLoad): Promise<Contest> {
  stage.check();
  const contender = await start(stage);
  stage.check();
  return { contender, rounds: [], run: await load(stage, contender.target) };
}

async function measure({ server, database }: Contender, run: () => Promise<Outcome>): Promise<Round> {
  const used = () => [cpuSeconds(server), database === undefined ? 0 : cpuSeconds(database)] as const;
  const before = used();
  const outcome = await run();
  const after = used();
  const perFlow = (seconds: number) => (seconds * 1e6) / outcome.successful;
  return { ...outcome, server: perFlow(after[0] - before[0]), database: perFlow(after[1] - before[1]) };
}

function print(name: string, amount: Amount, ours: readonly Round[], theirs: readonly Round[]): void {
  const failed = (rounds: readonly Round[]) => sum(rounds.map((round) => round.failed));
  const tooMany = Math.max(failed(ours), failed(theirs)) > MOST_FAILURES * amount.flows * ours.length;
  printComparison(
    {
      name,
      gatehouse: median(ours.map(total)),
      peer: median(theirs.map(total)),
      unit: 'CPU microseconds per flow, database included',
    },
    'cost',
    {
      ...amount,
      gatehouseRounds: ours.map(total).map(Math.round),
      peerRounds: theirs.map(total).map(Math.round),
      gatehouseDatabase: Math.round(median(ours.map((round) => round.database))),
      peerDatabase: Math.round(median(theirs.map((round) => round.database))),
      gatehouseFailed: failed(ours),
      peerFailed: failed(theirs),
      gatehouseRetransmissions: sum(ours.map((round) => round.retransmissions)),
      peerRetransmissions: sum(theirs.map((round) => round.retransmissions)),
      ...(tooMany ? { invalid: 'more than 0.1 % of the flows failed' } : {}),
    },
  );
}

function register(
  stage: Stage,
  target: string,
  port: number,
  contact: number,
  { rate, flows }: Amount,
): Promise<Outcome> {
  const fields = Array.from({ length: USERS }, (_, i) => `${credentials(userName(i))};${contact}`);
  return offer(stage, { scenario: 'register.xml', target, port, rate, calls: flows, fields });
}

function call(stage: Stage, target: string, port: number, { rate, flows }: Amount): Promise<Outcome> {
  const fields = Array.from({ length: USERS }, (_, i) => `${credentials(userName(i))};${userName(i + 1)}`);
  const scenario = join(import.meta.dirname, 'sipp', 'call.xml');
  return offer(stage, { scenario, target, port, rate, calls: flows, fields });
}

async function offer(stage: Stage, load: Load): Promise<Outcome> {
  const outcome = await runSipp(stage, load);
  if (!(outcome.successful > 0)) throw new Error(`no flow succeeded:\n${outcome.errors.slice(0, 1000)}`);
  return outcome;
}

function credentials(user: string): string {
  return `${user};[authentication username=${user} password=${passwordOf(user)}]`;
}

function describe({ successful, failed, retransmissions, server, database }: Round): string {
  const cost = `${Math.round(server)} + ${Math.round(database)} µs per flow`;
  return `${cost}, ${successful} flows, ${failed} failed, ${retransmissions} repeated`;
}

function total({ server, database }: Round): number {
  return server + database;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
