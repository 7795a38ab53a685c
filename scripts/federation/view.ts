// What the hubs of a run answer, as a table that is redrawn on a terminal, or as a line for each change elsewhere.

import { table } from '../../src/cli/table.ts'
import type { Health, Member, Project } from '../../src/hub/shapes.ts'
import type { Plan } from './plan.ts'

export interface HubSeen {
  readonly id: string
  /** What it says of itself; `no answer` when it says nothing. */
  readonly health: string
  /** What the others believe; `unknown` when none says. */
  readonly seenAs: string
  readonly url: string
}

export interface View {
  readonly hubs: readonly HubSeen[]
  readonly projects: readonly Project[]
}

const timeoutMs = 2_000

/** Asks every hub; the catalog comes from the first that answers, a hub's status from the first other one. */
export async function look({ hubs }: Plan): Promise<View> {
  const answers = await Promise.all(
    hubs.map(async ({ id, url }) => {
      const [health, members, projects] = await Promise.all([
        get<Health>(`${url}/health`),
        get<Member[]>(`${url}/api/members`),
        get<Project[]>(`${url}/api/fed/projects`),
      ])
      return { id, url, health, members, projects }
    }),
  )
  return {
    hubs: answers.map(({ id, url, health }) => {
      const others = answers.filter((other) => other.id !== id)
      const believed = others.flatMap(({ members }) => members?.find((member) => member.hub_id === id)?.status ?? [])
      return { id, url, health: health?.status ?? 'no answer', seenAs: believed[0] ?? 'unknown' }
    }),
    projects: answers.flatMap(({ projects }) => (projects === undefined ? [] : [projects]))[0] ?? [],
  }
}

/** What still keeps the federation from being whole; none when every hub is healthy and every project online. */
export function lacking(view: View, slugs: Iterable<string>): string[] {
  const hubs = view.hubs.filter((hub) => hub.health !== 'healthy').map((hub) => `${hub.id} is ${hub.health}`)
  const unseen =
    view.hubs.length < 2
      ? []
      : view.hubs.filter((hub) => hub.seenAs !== 'alive').map((hub) => `${hub.id} is seen as ${hub.seenAs}`)
  const online = new Set(view.projects.filter((project) => project.status === 'online').map((project) => project.slug))
  const projects = [...slugs].filter((slug) => !online.has(slug)).map((slug) => `${slug} is not online`)
  return [...hubs, ...unseen, ...projects]
}

/** Shows view after view. */
export class Screen {
  readonly #isTerminal = process.stdout.isTTY === true
  #drawn = 0
  #states = new Map<string, string>()

  show(view: View): void {
    if (this.#isTerminal) this.#draw(view)
    else this.#tell(view)
  }

  #draw(view: View): void {
    const hubs = view.hubs.map((hub) => [hub.id, hub.health, hub.seenAs, hub.url])
    const projects = view.projects.map((one) => [one.slug, one.status, one.home ?? '-', one.status_reasons.join(', ')])
    const text = [
      table(['HUB', 'HEALTH', 'SEEN AS', 'URL'], hubs),
      '',
      table(['PROJECT', 'STATUS', 'HOME', 'WHY'], projects),
      '',
      'Ctrl-C ends all of it.',
    ].join('\n')
    const up = this.#drawn === 0 ? '' : `\x1b[${this.#drawn}A\x1b[J`
    this.#drawn = text.split('\n').length
    process.stdout.write(`${up}${text}\n`)
  }

  #tell(view: View): void {
    const states = new Map<string, string>([
      ...view.hubs.map((hub) => [`hub ${hub.id}`, `${hub.health}, seen as ${hub.seenAs}`] as const),
      ...view.projects.map((one) => [`project ${one.slug}`, [one.status, ...one.status_reasons].join(', ')] as const),
    ])
    for (const [name, state] of states) {
      if (this.#states.get(name) !== state) console.log(`${new Date().toISOString()} ${name}: ${state}`)
    }
    this.#states = states
  }
}

/** The JSON at the URL, also with a status that is an error; undefined when nobody answers. */
async function get<T>(url: string): Promise<T | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    const isExpected = response.ok || url.endsWith('/health')
    return isExpected ? ((await response.json()) as T) : undefined
  } catch {
    return undefined
  }
}
