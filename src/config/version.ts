// The version of this package, as package.json says it, which lies two directories above both src/config and dist/config.

import { readFileSync } from 'node:fs'

interface PackageFile {
  readonly version: string
}

const file = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as PackageFile

export const version = file.version
