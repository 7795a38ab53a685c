// A small world of catalogs, all linked.

import type { WorldOptions } from './catalog.node.ts'
import { World } from './catalog.world.ts'
import { hubId } from './kit.ts'

/** Hubs that know each other, in fine weather. */
export function federation(...names: string[]): World {
  return federationOf(names, {})
}

export function federationOf(names: readonly string[], options: Partial<WorldOptions>): World {
  const world = new World(11, names, options)
  for (const name of names) join(world, name)
  world.pass(500)
  return world
}

/** Starts a hub and links it with all that run. */
export function join(world: World, name: string): void {
  world.start(name)
  for (const other of world.nodes.keys()) world.link(name, other)
}

/** The projects that a hub shows, by key. */
export function projects(world: World, name: string): Record<string, unknown> {
  const view = Object.entries(world.view(name)).filter(([id]) => id.startsWith('project/'))
  return Object.fromEntries(view.map(([id, entry]) => [id.slice('project/'.length), entry]))
}

/** Whether a hub holds another's slice. */
export function holds(world: World, name: string, whom: string): boolean {
  return world.catalog(name).replicas.slice(hubId(whom)) !== undefined
}
