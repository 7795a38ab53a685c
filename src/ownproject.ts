// The project that a hub stands for itself, while it runs: registered when the hub starts, then beaten for. Whoever removes
// it meanwhile has removed it until the next start.

import type { Log } from './adapters/log.ts'
import type { OwnProject } from './config/ownproject.ts'
import type { Millis } from './core/time.ts'
import type { Answer, LocalHub } from './hub/calls.ts'

const operation = 'own-project'
/** After a refusal; most of them are of the disk or the clock. */
const retryMs: Millis = 5_000

export interface OwnProjectOptions {
  readonly project: OwnProject
  readonly intervalMs: Millis
  readonly log: Log
}

/** Registers the project where the catalog does not have it so, and beats for it. Returns what ends that. */
export function keepOwnProject({ project, intervalMs, log }: OwnProjectOptions, hub: LocalHub): () => void {
  const { slug, hub_url } = project
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const after = (ms: Millis, next: () => void): void => {
    if (!isOver) timer = setTimeout(next, ms).unref()
  }

  function register(): void {
    const known = hub.views.project(slug, hub.now())
    if (known.ok && known.project.hub_url === hub_url) {
      beat()
      return
    }
    hub.call({ type: 'register', slug, registration: { hub_url } }, (answer) => {
      if (answer.ok) {
        log.info({ operation, slug }, 'the project of this hub is registered')
        beat()
      } else {
        log.error({ operation, slug, error: answer.detail }, 'the project of this hub is not registered; tried again')
        after(retryMs, register)
      }
    })
  }

  let refusal: string | undefined
  function beat(): void {
    hub.call({ type: 'beat', slug, beat: {} }, (answer) => {
      tell(answer)
      after(intervalMs, beat)
    })
  }

  /** A reason is told once. */
  function tell(answer: Answer): void {
    if (!answer.ok && answer.code !== refusal)
      log.warn({ operation, slug, error: answer.detail }, 'a beat for the project of this hub was not taken')
    refusal = answer.ok ? undefined : answer.code
  }

  register()
  return () => {
    isOver = true
    clearTimeout(timer)
  }
}
