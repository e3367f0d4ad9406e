/** The `dial` section of gatehouse.yaml. Without lines there is no dial-in door. Times in seconds. */
import * as z from 'zod';
import { dialTexts } from './callback/texts.ts';

const seconds = (most: number, byDefault: number) => z.number().min(0).max(most).default(byDefault);

const line = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,32}$/, 'letters, digits, dots, dashes and underscores')
    .describe('What messages and the audit trail call it.'),
  device: z.string().min(1).max(255).describe('The serial port or terminal of its modem, such as /dev/ttyS0.'),
  use: z
    .enum(['both', 'answer', 'call'])
    .default('both')
    .describe('answer: only takes calls; call: only calls back, and is left to other programs in between.'),
  rings: z
    .int()
    .min(1)
    .max(20)
    .default(2)
    .describe('Answers at this ring; between the first and the second the exchange tells the number that calls.'),
  speed: z.int().min(300).max(4_000_000).default(57_600).describe('Of the serial line, bit/s.'),
  flow_control: z.enum(['hardware', 'software', 'none']).default('hardware').describe('Of the serial line.'),
  init: z
    .array(z.string().min(2).max(80))
    .max(10)
    .default(['ATZ', 'ATQ0V1X4&C1&D2S0=0'])
    .describe('Commands that prepare the modem; with X4 it waits for a dial tone before it calls.'),
  dial: z.string().min(2).max(80).default('ATDT').describe('What calls; the number follows.'),
  escape_guard: seconds(10, 1.06).describe('Silence around the escape sequence: a little longer than S12 says.'),
});
export type LineConfig = z.output<typeof line>;

const command = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'small letters, digits, dashes and underscores')
    .describe('What callers type.'),
  kind: z
    .enum(['ppp', 'terminal'])
    .describe('ppp: gets the line raw and without echo; terminal: as a person uses one.'),
  program: z.string().startsWith('/').max(1_000).describe('Gets the line as its standard input and output.'),
  arguments: z.array(z.string().max(1_000)).max(50).default([]).describe('One by one; %u is the name of the user.'),
  shell: z.boolean().default(false).describe('Only for users to whom a policy gives `shell`.'),
});
export type CommandConfig = z.output<typeof command>;

export const dialConfig = z.strictObject({
  lines: z
    .array(line)
    .max(256)
    .default([])
    .describe('Telephone lines with a modem (docs/dial.md): name, device, use, rings and more.'),
  commands: z
    .array(command)
    .max(50)
    .default([
      {
        name: 'start_ppp',
        kind: 'ppp',
        program: '/usr/sbin/pppd',
        arguments: ['-detach', 'silent', 'modem', 'logfd', '2'],
        shell: false,
      },
    ])
    .describe('What users may run on their line: name, kind, program, arguments, shell.')
    .meta({ live: true }),
  call_back: z
    .strictObject({
      line: z
        .enum(['same', 'other'])
        .default('same')
        .describe('other: never the line that the request came on, which its caller may still hold.')
        .meta({ live: true }),
      wait: seconds(600, 10)
        .describe('From the hang-up to the call at least: longer than the exchange takes to clear.')
        .meta({ live: true }),
      random: seconds(600, 10).describe('At most so much is added, a different time each call.').meta({ live: true }),
      attempts: z
        .int()
        .min(1)
        .max(20)
        .default(3)
        .describe('Calls at most, until somebody answers.')
        .meta({ live: true }),
      retry: seconds(3_600, 30).describe('Between two of them.').meta({ live: true }),
      total: seconds(7_200, 600).describe('After this time no further call is made.').meta({ live: true }),
      answer: seconds(600, 90)
        .describe('How long a call may take until the modems are connected.')
        .meta({ live: true }),
      per_hour: z
        .int()
        .min(1)
        .max(1_000)
        .default(6)
        .describe('Requests of one user that are followed.')
        .meta({ live: true }),
    })
    .prefault({}),
  lock_directory: z
    .string()
    .startsWith('/')
    .max(255)
    .default('/var/lock')
    .describe('Where the programs of this machine lock serial lines.'),
  prompt_seconds: seconds(3_600, 60).describe('A caller has so long for each answer.').meta({ live: true }),
  login_tries: z.int().min(1).max(10).default(3).describe('Logins on one call back.').meta({ live: true }),
  session_seconds: z
    .int()
    .min(60)
    .max(86_400)
    .default(86_400)
    .describe('A session lasts so long at most; a policy may say less.')
    .meta({ live: true }),
  international_prefix: z
    .string()
    .regex(/^[0-9,W*#+]{0,16}$/, 'what is dialled: digits, comma, W, * and #')
    .default('00')
    .describe('Dialled in place of the plus sign; before it what leads out of the house, such as 0W00.')
    .meta({ live: true }),
  texts: dialTexts.prefault({}).meta({ live: true }),
});
export type DialConfig = z.output<typeof dialConfig>;
