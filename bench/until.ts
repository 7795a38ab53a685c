// Waits until something has come about between real processes, which may not answer yet.

import { setTimeout as wait } from 'node:timers/promises'

export async function until(
  holds: () => Promise<boolean>,
  { withinMs, everyMs }: { readonly withinMs: number; readonly everyMs: number },
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await holds().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`${withinMs / 1_000} s have passed and it has not come about`)
    await wait(everyMs)
  }
}
