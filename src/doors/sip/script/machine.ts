/**
 * Runs a compiled script for one request. Makes nothing on the way: where the run stands is in the Run itself, so it can stop
 * at any function and go on exactly there.
 *
 * A run ends after 100,000 steps, a loop after `max_while_loops` turns, and routes call each other 100 deep at most, whatever the
 * script says. A function that throws ends the script with a 500; the reason goes to the log with the place in the script.
 */

import { describeError } from '../../../platform/errors.ts';
import type { Run } from '../run.ts';
import { ERROR } from './complain.ts';
import { Op, type Program, type Step } from './program.ts';
import type { RouteKey } from './route-kinds.ts';
import { WAIT } from './types.ts';

const MOST_STEPS = 100_000;
const DEEPEST = 100;
const ENDED = -1;
const LOG_ERROR = -1;

/** Starts at the main route. True: the script came to its end; false: it waits. */
export function runScript(program: Program, run: Run): boolean {
  return walk(program, run, program.entry);
}

/** Starts at another route (`failure_route[1]`); one that is not there does nothing. */
export function runRoute(program: Program, run: Run, key: RouteKey): boolean {
  run.frames.length = 0;
  return walk(program, run, program.entries.get(key) ?? ENDED);
}

/** Goes on with the result of the function that waited. True: the script came to its end; false: it waits again. */
export function resumeScript(program: Program, run: Run, result: number): boolean {
  return walk(program, run, settle(program, run, run.pc, result));
}

function walk(program: Program, run: Run, from: number): boolean {
  const { steps } = program;
  let pc = from;
  try {
    while (pc !== ENDED) {
      run.pc = pc;
      if (++run.steps > MOST_STEPS) {
        complain(program, run, 'the script takes more than 100000 steps for one request and was stopped here');
        run.reply(500, 'Server Internal Error');
        return true;
      }
      const step = steps[pc]!;
      switch (step.op) {
        case Op.call:
        case Op.test: {
          const result = step.call(run);
          if (result === WAIT) return false;
          pc = settle(program, run, pc, result);
          break;
        }
        case Op.compare: {
          const result = step.call(run);
          if (result > 0) pc = step.next;
          else if (result !== ERROR) pc = step.other;
          else pc = missing(program, run, step);
          break;
        }
        case Op.route:
        case Op.testRoute:
          pc = enter(program, run, pc, step.value);
          break;
        case Op.result:
          run.last = step.value;
          pc = step.next;
          break;
        case Op.jump:
          pc = step.next;
          break;
        case Op.end:
          pc = leave(program, run, run.last);
          break;
        case Op.leave:
          pc = leave(program, run, step.value);
          break;
        case Op.loop:
          run.turns ??= [];
          run.turns[step.value] = 0;
          pc = step.next;
          break;
        case Op.turn:
          pc = turn(program, run, step);
          break;
        default:
          if (step.value === 1) run.discarded = true;
          pc = ENDED;
      }
    }
  } catch (error) {
    run.waiting = false;
    complain(program, run, `the function failed: ${describeError(error)}`);
    run.reply(500, 'Server Internal Error');
  }
  return true;
}

/** Where a function's result leads. */
function settle(program: Program, run: Run, pc: number, result: number): number {
  if (run.dropped) return ENDED;
  if (result === 0) return leave(program, run, 0);
  const step = program.steps[pc]!;
  run.returned = result;
  if (step.op === Op.call || step.op === Op.route) {
    run.last = result;
    return step.next;
  }
  return result > 0 ? step.next : step.other;
}

/** Where a condition leads that could not be evaluated. */
function missing(program: Program, run: Run, step: Step): number {
  complain(program, run, 'the condition cannot be evaluated and counts as false: the message lacks a value it needs');
  return step.error;
}

/** Once more through a loop, or out of it. */
function turn(program: Program, run: Run, step: Step): number {
  const turns = ++run.turns![step.value]!;
  if (turns <= program.mostTurns) return step.next;
  complain(program, run, `the loop took more than ${program.mostTurns} turns and was left (max_while_loops)`);
  return step.other;
}

function enter(program: Program, run: Run, pc: number, entry: number): number {
  if (run.frames.length < DEEPEST) {
    run.frames.push(pc);
    return entry;
  }
  complain(program, run, 'routes call each other more than 100 deep; the call was not made');
  return settle(program, run, pc, -1);
}

/** The current route ends with this result: back to its caller, or the end of the script. */
function leave(program: Program, run: Run, result: number): number {
  if (run.frames.length === 0 || (result === 0 && program.zeroExits)) return ENDED;
  const pc = run.frames.pop()!;
  return settle(program, run, pc, result < 0 || program.zeroExits ? result : 1);
}

function complain(program: Program, run: Run, text: string): void {
  const { at } = program.steps[run.pc]!;
  program.host.log(LOG_ERROR, `${program.file}:${at.line}:${at.column}: ${text}`);
}
