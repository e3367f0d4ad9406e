/** pike: tells who sends too many requests. What to do with them the script says. */
import { placeOf } from '../../../../core/limits/place.ts';
import { Seldom } from '../../../../platform/seldom.ts';
import type { SipModule } from '../../script/types.ts';
import { Lasting } from '../lasting.ts';
import { Senders } from './senders.ts';

/** Who is over the limit stays so when the script is loaded again. */
const lasting = new Lasting(() => new Senders());

const MOST_LISTED = 1_000;

const within = (most: number) => (value: string | number) =>
  Number(value) >= 1 && Number(value) <= most ? undefined : `must be from 1 to ${most}, but is ${value}`;

export const pike: SipModule = {
  name: 'pike',
  describe: 'Counts requests by the address of their sender; an IPv6 sender is a /64.',
  needs: [],
  parameters: [
    {
      name: 'sampling_time_unit',
      type: 'int',
      default: 2,
      describe: 'Seconds in which requests are counted.',
      check: within(3600),
    },
    {
      name: 'reqs_density_per_unit',
      type: 'int',
      default: 30,
      describe: 'Requests that a sender may make in that time.',
      check: within(1_000_000),
    },
    {
      name: 'remove_latency',
      type: 'int',
      default: 120,
      describe: 'Seconds without a request until a sender is forgotten; never sooner than two units.',
      check: within(86_400),
    },
    {
      name: 'pike_log_level',
      type: 'int',
      default: 1,
      describe: 'Accepted and without effect: a line a minute at most says who is over the limit.',
    },
  ],
  functions: [
    {
      name: 'pike_check_req',
      arity: [0],
      routes: ['request'],
      describe:
        'Counts the request. -1: its sender has just come over the limit; -2: it is over it, until one whole unit has passed within it.',
    },
  ],
  build(parameters, services) {
    const { clock, log } = services;
    const senders = lasting.of(services);
    const limits = {
      unitMs: Number(parameters.sampling_time_unit) * 1000,
      most: Number(parameters.reqs_density_per_unit),
      forgetMs: Number(parameters.remove_latency) * 1000,
    };
    const complaint = new Seldom(clock);
    return {
      commands: { pike_list: () => [...senders.over(clock.monotonic(), limits.unitMs, MOST_LISTED)] },
      functions: {
        pike_check_req: () => (run) => {
          const result = senders.count(placeOf(run.source.address), clock.monotonic(), limits);
          if (result === -1 && complaint.due()) {
            log.warn('pike: a sender is over the limit', { address: run.source.address });
          }
          return result;
        },
      },
    };
  },
};
