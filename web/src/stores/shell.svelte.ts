/** What of the shell is open: palette, help, drawers. */

export class Shell {
  palette = $state(false);
  help = $state(false);
  settings = $state(false);
  sessions = $state(false);
  downloads = $state(false);
}
