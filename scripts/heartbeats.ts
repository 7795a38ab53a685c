// A small client as projects have one: says every few seconds that its projects are up, each to its own hub.
//   node scripts/heartbeats.ts atlas=http://127.0.0.1:8280 ember=http://127.0.0.1:8080

import { setTimeout as wait } from 'node:timers/promises'

/** Far more often than a project must, so that one comes back quickly when its hub does. */
const everyMs = 5_000
const soonMs = 250
const timeoutMs = 2_000

interface Project {
  readonly slug: string
  readonly hub: string
}

const projects = process.argv.slice(2).map((argument): Project => {
  const [slug = '', hub = ''] = argument.split('=')
  return { slug, hub }
})

// Started by scripts/run: when that is gone, so is this.
if (process.connected) process.on('disconnect', () => process.exit(0))
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0))
await Promise.all(projects.map(beatForEver))

async function beatForEver(project: Project): Promise<never> {
  for (let said = ''; ; ) {
    const outcome = await beat(project)
    if (outcome !== said) console.log(`${new Date().toISOString()} ${project.slug} at ${project.hub}: ${outcome}`)
    said = outcome
    await wait(outcome === 'taken' ? everyMs : soonMs)
  }
}

async function beat({ slug, hub }: Project): Promise<string> {
  try {
    const response = await fetch(`${hub}/api/fed/projects/${slug}/heartbeat`, {
      method: 'POST',
      signal: AbortSignal.timeout(timeoutMs),
    })
    const body = (await response.json()) as { readonly code?: string }
    return response.ok ? 'taken' : (body.code ?? String(response.status))
  } catch {
    return 'no answer'
  }
}
