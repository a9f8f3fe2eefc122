/** Everything the palette reaches: pages, actions, models, sessions. */

import { languageNames, languages, t } from "$/locales/i18n.svelte";
import type { IconName } from "$/components/Icon.svelte";
import type { app as App } from "$/stores/app.svelte";
import { titleOf } from "./models";
import { paths } from "./router.svelte";

export interface Command {
  id: string;
  group: "action" | "page" | "model" | "session";
  label: string;
  /** More words by which it is found. */
  also?: string;
  detail?: string;
  icon: IconName;
  run: () => void;
}

export function commands(app: typeof App): Command[] {
  return [...actions(app), ...pages(app), ...models(app), ...sessions(app)];
}

function actions(app: typeof App): Command[] {
  const themes = (["light", "dark", "auto"] as const).map((theme): Command => {
    const label = t("palette.theme", { name: t(`theme.${theme}`) });
    return {
      id: `theme-${theme}`,
      group: "action",
      label,
      icon: "theme",
      run: () => void app.attempt(() => app.prefs.setTheme(theme)),
    };
  });
  const tongues = languages.map((language): Command => {
    const label = t("palette.language", { name: languageNames[language] });
    return {
      id: `language-${language}`,
      group: "action",
      label,
      also: "language sprache زبان",
      icon: "globe",
      run: () => void app.attempt(() => app.prefs.setLanguage(language)),
    };
  });
  return [
    { id: "new", group: "action", label: t("chat.new"), icon: "plus", run: () => app.newChat() },
    ...(app.chat.id
      ? [
          {
            id: "reset",
            group: "action",
            label: t("chat.reset"),
            icon: "fresh",
            run: () => void app.chat.reset(),
          } as Command,
        ]
      : []),
    {
      id: "drawer",
      group: "action",
      label: t("chat.settings"),
      icon: "sliders",
      run: () => (app.router.go(paths.chat(app.chat.id)), void (app.shell.settings = true)),
    },
    ...themes,
    ...tongues,
    {
      id: "downloads",
      group: "action",
      label: t("downloads.title"),
      also: "download tray herunterladen دریافت",
      icon: "download",
      run: () => void (app.shell.downloads = true),
    },
    { id: "keys", group: "action", label: t("keys.title"), icon: "keyboard", run: () => void (app.shell.help = true) },
  ];
}

function pages(app: typeof App): Command[] {
  const page = (id: string, label: string, icon: IconName, path: string): Command => ({
    id,
    group: "page",
    label,
    icon,
    run: () => app.router.go(path),
  });
  return [
    page("chat", t("nav.chat"), "chat", paths.chat(app.chat.id)),
    page("discover", t("models.discover"), "search", paths.models("discover")),
    page("models", t("models.disk"), "models", paths.models()),
    page("running", t("models.running"), "pulse", paths.models("running")),
    page("monitor", t("nav.monitor"), "pulse", paths.monitor()),
    page("statistics", t("monitor.statistics"), "pulse", paths.monitor("statistics")),
    page("settings", t("nav.settings"), "settings", paths.settings()),
    page("services", t("settings.services"), "export", paths.settings("services")),
    page("endpoints", t("settings.endpoints"), "export", paths.settings("endpoints")),
    page("routes", t("settings.routes"), "onward", paths.settings("routes")),
    page("budgets", t("settings.budgets"), "coin", paths.settings("budgets")),
    page("hooks", t("settings.hooks"), "bell", paths.settings("hooks")),
    page("keys-page", t("settings.keys"), "key", paths.settings("keys")),
    page("hardware", t("settings.hardware"), "cpu", paths.settings("hardware")),
    page("doctor", t("settings.doctor"), "pulse", paths.settings("doctor")),
    page("logs", t("settings.logs"), "terminal", paths.settings("logs")),
  ];
}

function models(app: typeof App): Command[] {
  return app.models.all.map((model) => ({
    id: `model-${model.name}`,
    group: "model",
    label: titleOf(model),
    also: model.name,
    detail: t(`state.${model.state}`),
    icon: "models",
    run: () => app.router.go(paths.model(model.name)),
  }));
}

function sessions(app: typeof App): Command[] {
  return app.sessions.all.map((session) => ({
    id: session.id,
    group: "session",
    label: session.title || t("session.untitled"),
    icon: "chat",
    run: () => app.router.go(paths.chat(session.id)),
  }));
}
