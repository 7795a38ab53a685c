// The projects file while the hub runs: read again when it changes, taken when it is sound and has come to rest. What is
// wrong with it is said with its line, and changes nothing; what the hub cannot write now is tried again.

import { stat } from 'node:fs/promises'
import type { Log } from './adapters/log.ts'
import type { LoadedProjects, ProjectEntry } from './config/projects.ts'
import type { Millis } from './core/time.ts'
import type { Answer, Call } from './hub/calls.ts'

const operation = 'projects-file'
/** How often the file is looked at. Looking works where watching does not: mounted volumes, links that are turned. */
const lookMs: Millis = 1_000
/** After a refusal; most of them are of the disk or the clock. */
const retryMs: Millis = 5_000
/** Mistakes told of one version of the file. */
const maxMistakes = 20

export interface ProjectsFile {
  readonly path: string
  /** As it was read before the hub started; undefined when there was none. */
  readonly entries: readonly ProjectEntry[] | undefined
  /** Reads it again. */
  readonly read: () => LoadedProjects
}

export interface Taker {
  call(call: Call, done: (answer: Answer) => void): void
}

/** Puts what the file says into the catalog, now and whenever it changes. Returns what ends that. */
export function keepProjectsFile(file: ProjectsFile, hub: Taker, log: Log): () => void {
  let retry: NodeJS.Timeout | undefined
  let isWriting = false
  let isOver = false
  let isFirst = true

  function write(entries: readonly ProjectEntry[]): void {
    isWriting = true
    clearTimeout(retry)
    hub.call({ type: 'project-file', entries }, (answer) => {
      isWriting = false
      if (isOver) return
      if (!answer.ok) retry = setTimeout(() => write(entries), retryMs).unref()
      tellAnswer(log, answer, isFirst)
      isFirst = false
    })
  }

  function reread(): void {
    const loaded = file.read()
    if (!loaded.ok) {
      for (const { path, message, from = file.path } of loaded.mistakes.slice(0, maxMistakes)) {
        const fields = { operation, error: `${path} ${message}`, line: from }
        log.error(fields, 'the projects file has a mistake; nothing changes')
      }
    } else if (loaded.entries === undefined) {
      log.warn({ operation }, 'the projects file is gone or says nothing; nothing changes')
    } else write(loaded.entries)
  }

  // Read once more when it is first looked at: it may have changed while the hub started.
  let taken = file.entries === undefined ? 'none' : ''
  let seen: string | undefined
  async function look(): Promise<void> {
    const mark = await markOf(file.path)
    if (isOver || isWriting) return
    // A file that changes is being written: half of one may read like a whole one.
    const isAtRest = mark === seen
    seen = mark
    if (!isAtRest || mark === taken) return
    taken = mark
    reread()
  }

  if (file.entries !== undefined) write(file.entries)
  void look()
  const timer = setInterval(() => void look(), lookMs).unref()
  return () => {
    isOver = true
    clearInterval(timer)
    clearTimeout(retry)
  }
}

function tellAnswer(log: Log, answer: Answer, isFirst: boolean): void {
  if (!answer.ok) log.error({ operation, error: answer.detail }, 'the projects file was not written; it is tried again')
  else if (answer.type === 'project-file') {
    const { written, removed, refused } = answer.result
    if (refused.length > 0)
      log.error({ operation, refused, error: 'limits' }, 'entries of the projects file do not fit')
    if (isFirst || written + removed > 0)
      log.info({ operation, written, removed }, 'the projects file is in the catalog')
  }
}

/** Differs when the file does. */
async function markOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(path)
    return `${ino} ${size} ${mtimeMs}`
  } catch {
    return 'none'
  }
}
