import { FAKETIME_LIBRARY, SHARED_CLOCK } from './engine.ts';

/**
 * Environment that starts the wall clock of a process at an instant (libfaketime(1)). The monotonic clock stays real,
 * so timers and time-outs work; file times stay real, so tools that compare them see one clock.
 *
 * @param instant ISO 8601
 */
export function clockEnvironment(instant: string): Readonly<Record<string, string>> {
  const iso = new Date(instant).toISOString();
  return {
    LD_PRELOAD: FAKETIME_LIBRARY,
    FAKETIME: `@${iso.slice(0, 10)} ${iso.slice(11, 19)}`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    NO_FAKE_STAT: '1',
    FAKETIME_SHARED: `/${SHARED_CLOCK} /${SHARED_CLOCK}`,
    SOURCE_DATE_EPOCH: String(Math.floor(Date.parse(iso) / 1000)),
  };
}
