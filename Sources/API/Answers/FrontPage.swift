internal import Cron
internal import Domain
internal import Engine
internal import Streaming

/// The page at `/`: that it runs, which version, how much it does. Nothing that anybody owns is on it,
/// because nobody has to log in to see it.
enum FrontPage {
    static func html(_ site: Site, _ figures: Figures, _ clock: ClockState) -> String {
        let rows: [(String, String)] = [
            ("Jobs", "\(figures.jobs)"),
            ("Open runs", "\(figures.openRuns)"),
            ("Records", "\(figures.sequence)"),
            ("Clock", clockText(clock)),
            ("Time zones", site.zones.version),
            ("Storage", figures.isStorageFull ? "full: nothing new is accepted" : "has room"),
        ]
        let table = rows.map { "<tr><th>\(escape($0.0))</th><td>\(escape($0.1))</td></tr>" }.joined(
            separator: "\n"
        )
        let url = escape(site.publicURL)
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Chronatog</title>
            <style>\(style)</style>
            <main>
            <h1>Chronatog</h1>
            <p class="lead">Makes web calls on time, and keeps the record that proves it.</p>
            <table>
            \(table)
            </table>
            <h2>Use it</h2>
            <pre>curl -u USERNAME:PASSWORD \(url)\(RouteTable.prefix)/jobs \\
              -d '{"callback_url": "https://example.com/tick", "schedule": "30 2 * * *"}'</pre>
            <p>The <a href="\(RouteTable.prefix)/openapi.json">OpenAPI document</a> lists every route.
            <a href="/healthz">Health</a> and <a href="/-/metrics">figures</a> are for machines.</p>
            <footer>version \(escape(site.options.version))</footer>
            </main>
            </html>

            """
    }

    private static func clockText(_ clock: ClockState) -> String {
        let now = clock.now.rfc3339Text ?? ""
        if clock.isFrozen { return "\(now), frozen" }
        return clock.speed == 1 ? now : "\(now), at \(clock.speed) times its speed"
    }

    static let style = """
        :root { color-scheme: light dark;
          --ink: #1d1d1f; --soft: #6b6b70; --line: #d9d9de; --paper: #fbfaf7; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #ececee; --soft: #9a9aa0; --line: #37373c; --paper: #161618; }
        }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 18px/1.55 Charter, "Bitstream Charter", "Iowan Old Style", Georgia, serif; }
        main { max-width: 36rem; margin: 0 auto; padding: 4rem 1.5rem; }
        h1 { font-size: 2.2rem; line-height: 1.1; margin: 0 0 .4rem; letter-spacing: -.01em; }
        h2 { font-size: 1.1rem; margin: 2.4rem 0 .6rem; }
        .lead { color: var(--soft); margin: 0 0 2rem; }
        table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
        th, td { padding: .45rem 0; border-top: 1px solid var(--line);
          text-align: left; font-weight: normal; }
        th { color: var(--soft); width: 10rem; }
        pre { overflow-x: auto; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: 4px;
          font: 14px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
        a { color: inherit; }
        footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; }
        """

    static func escape(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            default: out.append(character)
            }
        }
        return out
    }
}
