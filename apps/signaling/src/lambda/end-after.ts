/**
 * The same body, which ends in good order when `ms` have passed, as if its source had ended.
 * @param onEnd Awaited before the end is told.
 */
export function endAfter(
  body: ReadableStream<Uint8Array>,
  ms: number,
  onEnd: () => Promise<void>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  // Cancelling ends a read that waits.
  const timer = Number.isFinite(ms) ? setTimeout(() => void reader.cancel(), Math.max(ms, 0)) : undefined;
  return new ReadableStream(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        clearTimeout(timer);
        await onEnd();
        controller.close();
      },
      cancel: async (reason) => {
        clearTimeout(timer);
        await reader.cancel(reason);
        await onEnd();
      },
    },
    { highWaterMark: 0 },
  );
}
