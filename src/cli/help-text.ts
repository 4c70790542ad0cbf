/** The words around the options, for help and man page: examples, exit codes, and how options are written. Pure. */
import type { Argument, Command, Help, Option } from 'commander'
import { EXIT_CODE_TABLE } from './exit-codes.ts'

/** Of help; also how wide the widest line may be. */
export const HELP_COLUMNS = 80

/** A command line and what it does, of each command by name. */
export const EXAMPLES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'torrent-dl': [
    ['torrent-dl linux.torrent', 'into the current directory'],
    ['torrent-dl -o ~/iso a.torrent b.torrent', 'two at once into ~/iso'],
    ['torrent-dl -j 20 *.torrent', 'a batch, twenty at a time'],
    ['torrent-dl -i list.txt --failed-to again', 'a list; what failed, to try again'],
    ["torrent-dl -n -s '*.iso' x.torrent", 'what these files would cost'],
    ['torrent-dl --stall-timeout 5m x.torrent', 'give up when nothing comes'],
    ['torrent-dl --json x.torrent | jq .', 'events for a script'],
    ['torrent-dl --seed-ratio 1 x.torrent', 'then give back as much'],
    ['torrent-dl info x.torrent', 'what is in it'],
    ['torrent-dl cat x.torrent FILE | less', 'the bytes of one file, as they come'],
    ['torrent-dl verify x.torrent', 'is it all there and right?'],
    ['torrent-dl http://host/x.torrent', 'a .torrent at an address'],
    ['torrent-dl ./info', 'a file named like a command'],
  ],
  info: [
    ['torrent-dl info x.torrent', 'for people'],
    ['torrent-dl info --json x.torrent | jq .files', 'for a script'],
  ],
  cat: [
    ['torrent-dl cat x.torrent | sha256sum', 'the only file'],
    ['torrent-dl cat --no-store x.torrent 3 | less', 'the file with number 3'],
    ['torrent-dl cat --tar x.torrent | tar -x', 'all files'],
  ],
  verify: [
    ['torrent-dl verify x.torrent', 'is what lies here all right?'],
    ['torrent-dl verify x.torrent ~/iso', 'and there'],
    ["torrent-dl verify -s '*.csv' x.torrent", 'these files alone'],
    ['torrent-dl verify --json x.torrent | jq .files', 'what is wrong, for a script'],
  ],
  create: [
    ['torrent-dl create data', 'data.torrent, of all in data'],
    ['torrent-dl create -o x.torrent -t URL data', 'with a tracker'],
    ['torrent-dl create -t URL1,URL2 -t URL3 data', 'two tiers of trackers'],
    ["torrent-dl create --exclude '.git' .", 'this directory, without .git'],
    ['torrent-dl create --magnet data', 'its magnet link'],
    ['torrent-dl create -o - data | sha256sum', 'to a pipe'],
  ],
  tracker: [
    ['torrent-dl tracker', 'for this machine alone'],
    ['torrent-dl tracker --bind 0.0.0.0', 'for the network'],
    ['torrent-dl tracker --port 0 -q >urls.txt', 'any free port, told in a file'],
    ['torrent-dl tracker --allow linux.torrent', 'for one torrent'],
  ],
  testbed: [
    ['torrent-dl testbed -- npm test', 'with a swarm of made-up data'],
    ['torrent-dl testbed fixtures/ -- ./smoke.sh', 'of these files'],
    ['torrent-dl testbed --corrupt 0 -- ./smoke.sh', 'the peer lies'],
    ['torrent-dl testbed --json', 'without a command: until Ctrl-C'],
  ],
  seed: [
    ['torrent-dl seed x.torrent', 'its data is here'],
    ['torrent-dl seed x.torrent ~/iso', 'or in ~/iso'],
    ['torrent-dl seed -o ~/iso *.torrent', 'all of them'],
    ['torrent-dl seed --seed-ratio 2 x.torrent', 'until twice its size is sent'],
    ['torrent-dl seed --until-completed 8 x.torrent', 'until eight hosts have it'],
  ],
  serve: [
    ['torrent-dl serve ./model', 'for this machine, until Ctrl-C'],
    ['torrent-dl serve --bind 0.0.0.0 ./model', 'for the network'],
    ['torrent-dl serve --until-completed 16 ./model', 'for sixteen hosts'],
  ],
  completion: [
    ['source <(torrent-dl completion bash)', 'in ~/.bashrc'],
    ['torrent-dl completion zsh >DIR/_torrent-dl', 'DIR is in $fpath'],
    ['torrent-dl completion fish | source', 'in config.fish'],
  ],
}

/** How options and commands look in help; the man page and the tests read their descriptions through it. */
export const HELP_STYLE: Partial<Help> = {
  // Long names line up whether or not there is a short one.
  optionTerm: ({ short, flags }) => (short === undefined ? `    ${flags}` : flags),
  optionDescription,
  argumentDescription: ({ description, argChoices = [] }) =>
    [description, argChoices.join(', ')].join(' ').trim(),
  commandDescription: (command) => command.description().replace(/[^.]$/, '$&.'),
  subcommandDescription: (command) => lowerFirst(command.description().replace(/\.$/, '')),
  subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' '),
}

/** Examples and exit codes, below the options. */
export function textAfterOptions(command: Command): string {
  const examples = EXAMPLES[command.name()] ?? []
  const exitCodes = command.parent === null ? `\nExit codes:\n${columns(EXIT_CODE_TABLE)}` : ''
  return `${examples.length === 0 ? '' : `\nExamples:\n${columns(examples)}`}${exitCodes}`
}

/** Choices and the default behind the description, without commander's quotes and empty values. */
function optionDescription({
  description,
  argChoices,
  defaultValue,
  defaultValueDescription,
}: Option): string {
  const choices = argChoices === undefined ? '' : ` ${argChoices.join(', ')}`
  const isTelling = argChoices === undefined && (typeof defaultValue === 'string' || Number(defaultValue) > 0)
  const shown = defaultValueDescription ?? (isTelling ? String(defaultValue) : undefined)
  return description + choices + (shown === undefined ? '' : ` (default ${shown})`)
}

function argumentTerm(argument: Argument): string {
  const inner = argument.name() + (argument.variadic ? '...' : '')
  return argument.required ? `<${inner}>` : `[${inner}]`
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join('')
}
