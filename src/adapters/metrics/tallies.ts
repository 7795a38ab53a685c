// What Prometheus sees of HTTP requests. Counted apart: prom-client looks its labels up anew with every count, which was the
// dearest thing that a hub did for a small answer. Here a request is two lookups and a few additions; the text is made when it
// is asked for.

/** Upper bounds, seconds. The API promises a p99 below 0.5. */
export const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

const projectsRoute = '/api/fed/projects'
const lookups: readonly string[] = [projectsRoute, `${projectsRoute}/:slug`]

/** Requests of one kind. */
interface Tally {
  readonly method: string
  readonly route: string
  readonly byStatus: Map<number, number>
  /** Not cumulative; the last is for what took longer than all bounds. */
  readonly counts: number[]
  seconds: number
}

export class Tallies {
  /** By route, then method: bounded by the routes. */
  readonly #tallies = new Map<string, Map<string, Tally>>()

  observe(
    route: string,
    method: string,
    { status, seconds }: { readonly status: number; readonly seconds: number },
  ): void {
    const tally = this.#tallies.get(route)?.get(method) ?? this.#made(route, method)
    tally.byStatus.set(status, (tally.byStatus.get(status) ?? 0) + 1)
    let at = 0
    while (at < buckets.length && seconds > (buckets[at] ?? 0)) at++
    tally.counts[at] = (tally.counts[at] ?? 0) + 1
    tally.seconds += seconds
  }

  /** In the text format of Prometheus. */
  text(): string {
    const all = [...this.#tallies.values()].flatMap((byMethod) => [...byMethod.values()])
    const read = all.filter(({ route, method }) => method === 'GET' && lookups.includes(route))
    const registered = all.find(({ route, method }) => method === 'POST' && route === projectsRoute)?.byStatus.get(201)
    const byRoute = [...Map.groupBy(all, ({ route }) => route)]
    return [
      ...headOf('http_requests_total', 'HTTP requests answered', 'counter'),
      ...byRoute.flatMap(([route, tallies]) =>
        [...statusesOf(tallies)].map(
          ([status, count]) => `http_requests_total{route="${route}",status="${status}"} ${count}`,
        ),
      ),
      ...headOf('http_request_duration_seconds', 'Time to an HTTP answer', 'histogram'),
      ...byRoute.flatMap(([route, tallies]) => histogram('http_request_duration_seconds', `route="${route}"`, tallies)),
      ...headOf('catalog_register_total', 'Projects registered or updated over HTTP', 'counter'),
      `catalog_register_total ${registered ?? 0}`,
      ...headOf('catalog_lookup_total', 'Reads of projects over HTTP', 'counter'),
      `catalog_lookup_total ${read.reduce((sum, tally) => sum + countOf(tally), 0)}`,
      ...headOf('catalog_lookup_duration_seconds', 'Time to read projects over HTTP', 'histogram'),
      ...histogram('catalog_lookup_duration_seconds', '', read),
      '',
    ].join('\n')
  }

  #made(route: string, method: string): Tally {
    const byMethod = this.#tallies.get(route) ?? new Map<string, Tally>()
    this.#tallies.set(route, byMethod)
    const tally: Tally = { method, route, byStatus: new Map(), counts: [...buckets, 0].map(() => 0), seconds: 0 }
    byMethod.set(method, tally)
    return tally
  }
}

function headOf(name: string, help: string, type: 'counter' | 'histogram'): string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
}

function statusesOf(tallies: readonly Tally[]): Map<number, number> {
  const sums = new Map<number, number>()
  for (const { byStatus } of tallies) {
    for (const [status, count] of byStatus) sums.set(status, (sums.get(status) ?? 0) + count)
  }
  return sums
}

function countOf({ counts }: Tally): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

function histogram(name: string, labels: string, tallies: readonly Tally[]): string[] {
  const others = labels === '' ? '' : `,${labels}`
  const all = labels === '' ? '' : `{${labels}}`
  let sum = 0
  const lines = [...buckets, Number.POSITIVE_INFINITY].map((bound, at) => {
    sum += tallies.reduce((count, tally) => count + (tally.counts[at] ?? 0), 0)
    return `${name}_bucket{le="${bound === Number.POSITIVE_INFINITY ? '+Inf' : bound}"${others}} ${sum}`
  })
  const seconds = tallies.reduce((total, tally) => total + tally.seconds, 0)
  return [...lines, `${name}_sum${all} ${seconds}`, `${name}_count${all} ${sum}`]
}
