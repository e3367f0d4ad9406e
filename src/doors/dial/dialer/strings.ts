/** A modem's settings as the driver takes them. */
import { LINE_ENDS, type ModemSettings } from '../account/settings.ts';
import type { ModemStrings } from '../modem/types.ts';

const DEFAULT_TONE = 70;

export function modemStrings(modem: ModemSettings): ModemStrings {
  return {
    speed: modem.speed,
    flowControl: modem.flow_control,
    lineEnd: LINE_ENDS[modem.line_end],
    init: modem.init,
    initResponse: modem.init_response,
    preInitDelayMs: modem.pre_init_delay_ms,
    initDelayMs: modem.init_delay_ms,
    // KPPP sends it where it is not the usual one.
    toneDurationMs: modem.tone_duration === DEFAULT_TONE ? undefined : modem.tone_duration,
    volume: [modem.volume_off, modem.volume_medium, modem.volume_high][modem.volume]!,
    noDialToneDetection: modem.no_dial_tone_detection,
    waitForDialTone: modem.wait_for_dial_tone,
    dial: modem.dial,
    connect: modem.connect_response,
    busy: modem.busy_response,
    noCarrier: modem.no_carrier_response,
    noDialTone: modem.no_dial_tone_response,
    digitalLine: modem.digital_line_response,
    ring: modem.ring_response,
    answer: modem.answer,
    answerResponse: modem.answer_response,
    hangUp: modem.hangup,
    hangUpResponse: modem.hangup_response,
    escape: modem.escape,
    escapeResponse: modem.escape_response,
    escapeGuardMs: modem.escape_guard_ms,
  };
}
