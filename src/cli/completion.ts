// `hubmesh completion`: what a shell needs to finish commands and flags, written from the command tree itself.

import { Argument, Command } from 'commander'

/** A command by its words, `config validate`, and what may follow it. */
interface Place {
  readonly path: string
  readonly commands: readonly Word[]
  readonly flags: readonly Word[]
  /** Flag → the values it takes, where those are known. */
  readonly choices: ReadonlyMap<string, readonly string[]>
}

interface Word {
  readonly word: string
  readonly about: string
}

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

/** `root` is asked for when the command runs: the tree is complete by then. */
export function completionCommand(root: () => Command): Command {
  const hints = 'bash: source <(hubmesh completion bash); zsh: the same; fish: hubmesh completion fish | source'
  return new Command('completion')
    .description('what a shell needs to finish commands and flags')
    .addArgument(new Argument('<shell>', 'which shell').choices([...shells]))
    .addHelpText('after', `\n${hints}`)
    .action((shell: Shell) => console.log(writers[shell](placesOf(root(), ''))))
}

function placesOf(command: Command, path: string): Place[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command)
  const options = help.visibleOptions(command)
  const place: Place = {
    path,
    commands: commands.map((one) => ({ word: one.name(), about: one.description() })),
    flags: options.map(({ long, short, description }) => ({ word: long ?? short ?? '', about: description })),
    choices: new Map(options.flatMap(({ long, argChoices }) => (long && argChoices ? [[long, argChoices]] : []))),
  }
  const inner = commands.filter((one) => one.name() !== 'help')
  return [place, ...inner.flatMap((one) => placesOf(one, `${path} ${one.name()}`.trim()))]
}

const writers: Readonly<Record<Shell, (places: readonly Place[]) => string>> = { bash, zsh, fish }

function bash(places: readonly Place[]): string {
  return `_hubmesh() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
${walk(places)}
  done
${answers(places)}
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _hubmesh hubmesh`
}

function zsh(places: readonly Place[]): string {
  return `#compdef hubmesh
_hubmesh() {
  local cur="\${words[CURRENT]}" prev="\${words[CURRENT-1]}" at="" word found=""
  for word in "\${(@)words[2,CURRENT-1]}"; do
${walk(places)}
  done
${answers(places).replaceAll(' words=', ' found=')}
  compadd -- \${=found}
  [[ -n "$found" ]] || _files
}
compdef _hubmesh hubmesh`
}

/** Words that are commands where they stand lead on; flags and what they take do not. */
function walk(places: readonly Place[]): string {
  const inner = places.filter(({ path }) => path !== '').map(({ path }) => `"${path}"`)
  return `    case "\${at:+$at }$word" in ${inner.join('|')}) at="\${at:+$at }$word" ;; esac`
}

function answers(places: readonly Place[]): string {
  const taking = places.flatMap(({ path, choices }) =>
    [...choices].map(([flag, values]) => `    "${path} ${flag}") words="${values.join(' ')}" ;;`),
  )
  const others = places.map(({ path, commands, flags }) => {
    const words = [...commands, ...flags].map(({ word }) => word)
    return `      "${path}") words="${words.join(' ')}" ;;`
  })
  return `  case "$at $prev" in
${taking.join('\n')}
    *) case "$at" in
${others.join('\n')}
    esac ;;
  esac`
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, flags, choices }) => {
    const condition = `__hubmesh_at '${path}'`
    return [
      ...commands.map(({ word, about }) => `complete -c hubmesh -f -n "${condition}" -a ${word} -d ${quoted(about)}`),
      ...flags.map(({ word, about }) => {
        const values = choices.get(word)
        const taking = values === undefined ? '' : ` -x -a '${values.join(' ')}'`
        return `complete -c hubmesh -n "${condition}" -l ${word.replace(/^-+/, '')}${taking} -d ${quoted(about)}`
      }),
    ]
  })
  const known = places.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`)
  return `function __hubmesh_at
  set -l at
  for word in (commandline -opc)[2..-1]
    contains -- (string join ' ' $at $word) ${known.join(' ')}; and set -a at $word
  end
  test "$argv[1]" = (string join ' ' -- $at)
end
${lines.join('\n')}`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`
}
