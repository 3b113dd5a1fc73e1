/**
 * Above this CPU share publishers' packets get lost, and everybody on the core suffers. From the lower one on, the share alone does
 * not decide (`npm run bench -- saturation` saw loss begin anywhere between 0.69 and 0.99), but the time that the worker takes to
 * answer does: it goes from less than one to hundreds of milliseconds.
 */
export const FULL_LOAD = 0.95;
const BUSY_LOAD = 0.7;
const SLOW_ANSWER_MS = 100;

/**
 * @param load The worker's CPU share, smoothed.
 * @param answerMs How long it takes to answer, smoothed. Alone it proves nothing: it may be this process that is slow.
 * @param fullLoad Above it the core is full, however fast it answers.
 */
export function isSaturated(load: number, answerMs: number, fullLoad = FULL_LOAD): boolean {
  return load > fullLoad || (load > BUSY_LOAD && answerMs > SLOW_ANSWER_MS);
}
