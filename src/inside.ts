// What operators may see and set of a running process: its queues, its caches, its log level, its heap.

import { chmod, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { memoryUsage } from 'node:process'
import { writeHeapSnapshot } from 'node:v8'
import type { Inside } from './adapters/http/options.ts'
import type { createNetwork } from './adapters/libp2p/network.ts'
import type { Log } from './adapters/log.ts'
import type { Driver } from './hub/driver.ts'

export interface InsideParts {
  readonly driver: Driver
  readonly network: ReturnType<typeof createNetwork>
  readonly log: Log
  readonly directory: string
}

const nsPerMs = 1e6

/** `close` ends the measuring. */
export function insideOf({ driver, network, log, directory }: InsideParts): Inside & { close(): void } {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  const since = performance.eventLoopUtilization()
  const ms = (ns: number): number => (Number.isFinite(ns) ? Math.round(ns / nsPerMs) : 0)
  return {
    logAt: (level) => {
      const previous = log.level
      log.level = level
      log.info({ operation: 'log-level', level, previous }, 'the log level was changed')
      return previous
    },
    queues: () => {
      const { catalog } = driver.hub
      const { waiting, dialling, dropped, links, connections } = network.stats()
      return {
        network: { waiting, dialling, dropped, links, connections },
        catalog: { slices_behind: catalog.behind, slices_in_reserve: catalog.reserve.size },
        event_loop: {
          utilization: performance.eventLoopUtilization(since).utilization,
          delay_ms: { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) },
        },
      }
    },
    caches: () => ({ listing: driver.listing.figures(), memory: { ...memoryUsage() } }),
    heap: async () => {
      // Each is as large as the heap: one is kept.
      for (const old of await readdir(directory)) {
        if (/^heap-.*\.heapsnapshot$/.test(old)) await rm(join(directory, old), { force: true })
      }
      const beganAt = performance.now()
      const name = `heap-${new Date().toISOString().replaceAll(':', '-')}.heapsnapshot`
      const file = writeHeapSnapshot(join(directory, name))
      await chmod(file, 0o600)
      const { size: bytes } = await stat(file)
      return { file, bytes, took_ms: Math.round(performance.now() - beganAt) }
    },
    close: () => delay.disable(),
  }
}
