internal import Domain
internal import Engine

/// The engine's figures as Prometheus families.
enum EngineMetrics {
    static func all(_ status: EngineStatus) -> [Metric] {
        depths(status) + counts(status) + messages(status) + times(status)
            + streams(status.flow.streams)
    }

    private static func streams(_ views: [SourceView]) -> [Metric] {
        if views.isEmpty { return [] }
        func samples(_ value: (SourceView) -> Double) -> [Metric.Sample] {
            views.map { Metric.Sample(value($0), labels: [Metric.Label("stream", $0.source.set.name)]) }
        }
        return [
            Metric(
                "chronatog_stream_up",
                .gauge,
                "1 for a watched stream that has accepted our credentials.",
                samples { $0.state == "authenticated" ? 1 : 0 }
            ),
            counter("stream_events_total", "Events of watched streams.", samples { Double($0.events) }),
            counter(
                "stream_outages_total",
                "Outages of watched streams, since each was made.",
                samples { Double($0.source.outages) }
            ),
        ]
    }

    private static func depths(_ status: EngineStatus) -> [Metric] {
        [
            gauge("jobs", "Jobs that are not removed.", Double(status.jobs)),
            gauge("open_runs", "Runs that have not ended.", Double(status.openRuns)),
            gauge("calls_in_flight", "Calls sent and not answered yet.", Double(status.callsInFlight)),
            gauge(
                "limit_queue_depth",
                "Slots that wait for a place under a limit.",
                Double(status.waitingForLimits)
            ),
            gauge("timetable_depth", "Alarms set for the future.", Double(status.alarms)),
            gauge(
                "behind_seconds",
                "How long the earliest alarm has been due.",
                seconds(status.behind.microseconds)
            ),
            gauge(
                "storage_full",
                "1 while the disk has no room for new promises.",
                status.isStorageFull ? 1 : 0
            ),
            gauge(
                "uncompiled_jobs",
                "Jobs whose definition this build cannot read.",
                Double(status.flow.uncompiled.count)
            ),
        ]
    }

    private static func counts(_ status: EngineStatus) -> [Metric] {
        [
            counter("sequence", "Records in the journal.", [Metric.Sample(Double(status.sequence.value))]),
            counter(
                "attempts_total",
                "Attempts that are over.",
                [Metric.Sample(Double(status.flow.attempts))]
            ),
            counter(
                "runs_closed_total",
                "Runs closed, by result.",
                status.flow.closed.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                    Metric.Sample(Double($0.value), labels: [Metric.Label("result", $0.key.word)])
                }
            ),
            counter(
                "attempt_failures_total",
                "Failed attempts, by kind.",
                status.flow.failures.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                    Metric.Sample(Double($0.value), labels: [Metric.Label("kind", $0.key.word)])
                }
            ),
            counter(
                "journal_frames_total",
                "Groups of records written.",
                [Metric.Sample(Double(status.journal.frames))]
            ),
            counter(
                "journal_records_total",
                "Records written.",
                [Metric.Sample(Double(status.journal.records))]
            ),
        ]
    }

    private static func messages(_ status: EngineStatus) -> [Metric] {
        let told = status.flow.told.sorted { $0.key < $1.key }
        func byChannel(_ counts: [String: Int]) -> [Metric.Sample] {
            counts.sorted { $0.key < $1.key }.map {
                Metric.Sample(Double($0.value), labels: [Metric.Label("channel", $0.key)])
            }
        }
        return [
            gauge("alerts_open", "Alerts that are not resolved.", Double(status.alertsOpen)),
            Metric(
                "chronatog_messages_waiting",
                .gauge,
                "Messages that have not arrived yet, by channel.",
                byChannel(status.waiting)
            ),
            Metric(
                "chronatog_messages_dead",
                .gauge,
                "Messages that were given up and are kept, by channel.",
                byChannel(status.dead)
            ),
            Metric(
                "chronatog_channel_broken",
                .gauge,
                "1 for a channel that somebody has to correct.",
                status.broken.map { Metric.Sample(1, labels: [Metric.Label("channel", $0)]) }
            ),
            counter(
                "heartbeats_total",
                "Beats to --heartbeat-url, by whether they were answered well.",
                status.heartbeat.map { counts in
                    [("heard", counts.heard), ("lost", counts.lost)].map { word, count in
                        Metric.Sample(Double(count), labels: [Metric.Label("ending", word)])
                    }
                } ?? []
            ),
            counter(
                "message_attempts_total",
                "Attempts to tell, by channel and how they ended.",
                told.flatMap { name, counts in
                    [
                        ("delivered", counts.delivered), ("failed", counts.failed), ("dead", counts.dead),
                    ].map { word, count in
                        Metric.Sample(
                            Double(count),
                            labels: [Metric.Label("channel", name), Metric.Label("ending", word)]
                        )
                    }
                }
            ),
        ]
    }

    private static func times(_ status: EngineStatus) -> [Metric] {
        [
            histogram(
                "lateness_seconds",
                "From a slot's instant to the record of its intent.",
                status.flow.lateness
            ),
            histogram(
                "call_duration_seconds",
                "From the first byte written to the last byte read.",
                status.flow.callDuration
            ),
            histogram(
                "journal_flush_seconds",
                "One write and fdatasync of the journal.",
                status.journal.flush
            ),
        ]
    }

    private static func gauge(_ name: String, _ help: String, _ value: Double) -> Metric {
        Metric("chronatog_\(name)", .gauge, help, [Metric.Sample(value)])
    }

    private static func counter(_ name: String, _ help: String, _ samples: [Metric.Sample]) -> Metric {
        Metric("chronatog_\(name)", .counter, help, samples)
    }

    private static func histogram(_ name: String, _ help: String, _ histogram: Histogram) -> Metric {
        var samples: [Metric.Sample] = []
        var total: UInt64 = 0
        for (index, count) in histogram.counts.enumerated() {
            total += count
            let isLast = index == Histogram.bounds.count
            let bound = isLast ? "+Inf" : "\(seconds(Histogram.bounds[index]))"
            samples.append(
                Metric.Sample(Double(total), labels: [Metric.Label("le", bound)], suffix: "_bucket")
            )
        }
        samples.append(Metric.Sample(seconds(histogram.sumMicroseconds), suffix: "_sum"))
        samples.append(Metric.Sample(Double(total), suffix: "_count"))
        return Metric("chronatog_\(name)", .histogram, help, samples)
    }

    private static func seconds(_ microseconds: Int64) -> Double { Double(microseconds) / 1_000_000 }
}
