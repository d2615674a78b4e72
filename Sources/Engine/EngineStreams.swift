internal import Domain
internal import Effects
internal import Logging

extension EngineLoop {
    /// A stream is opened or left, and the log is told how it stands.
    func perform(_ step: StreamStep) {
        switch step {
        case .open(let opening): streams?.open(opening)
        case .close(let id): streams?.close(id)
        case .tell(let name, let note): tell(name, note)
        }
    }

    private func tell(_ name: String, _ note: StreamNote) {
        var metadata: Logger.Metadata = ["stream": "\(name)"]
        switch note {
        case .connected: logger.notice("Connected", metadata: metadata)
        case .authenticated: logger.notice("Auth completed", metadata: metadata)
        case .lost(let reason):
            metadata["because"] = "\(reason)"
            logger.warning("a watched stream is lost", metadata: metadata)
        case .unauthorized(let reason):
            metadata["because"] = "\(reason)"
            logger.error("a watched stream refuses our credentials", metadata: metadata)
        case .overflowed(let events):
            metadata["events"] = "\(events)"
            logger.warning("events of a watched stream were left out", metadata: metadata)
        }
    }
}
