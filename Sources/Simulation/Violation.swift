package import Domain

/// A promise that was not kept.
package enum Violation: Error, Sendable, Equatable, CustomStringConvertible {
    /// A number is missing or comes twice.
    case sequenceGap(expected: Sequence, found: Sequence)
    /// The ledger in memory, or after a restart, is not what the records come to.
    case ledgerDiffers(String)
    /// A record that was durable is not there any more, or is another one.
    case recordLost(Sequence, String)
    /// A command was answered, and its record is not there.
    case acknowledgementLost(Acknowledgement)
    /// A receiver saw a call that no durable record had announced.
    case callWithoutIntent(ReceivedCall, String)
    /// Attempts of one delivery with different keys, or one key for two deliveries.
    case keyMixed(String)
    /// A slot with no record, or with two, or a record of a slot that the schedule does not have.
    case slot(JobID, String)
    /// An alert that no end of a run asks for, or none where one does.
    case alert(JobID, String)
    /// A check that was judged otherwise than its definition and its pings ask for.
    case check(CheckID, String)
    /// A message that was told out of its turn, or of which more or less was told than its records say.
    case message(MessageID, String)
    /// Something that should have happened by now has not.
    case stuck(String)
    /// A folder that a crash left does not open, or is found damaged.
    case folderRefused(String)

    package var description: String {
        switch self {
        case .sequenceGap(let expected, let found): "sequence \(found) follows where \(expected) belongs"
        case .ledgerDiffers(let what): "the ledger is not what its records come to: \(what)"
        case .recordLost(let sequence, let what): "durable record \(sequence) was lost: \(what)"
        case .acknowledgementLost(let what): "\(what) was acknowledged and is lost"
        case .callWithoutIntent(let call, let why): "\(call) has no durable intent before it: \(why)"
        case .keyMixed(let what): what
        case .slot(let job, let what): "job \(job): \(what)"
        case .alert(let job, let what): "the alert of job \(job): \(what)"
        case .check(let check, let what): "check \(check): \(what)"
        case .message(let id, let what): "message \(id): \(what)"
        case .stuck(let what): "stuck: \(what)"
        case .folderRefused(let what): "the folder was refused: \(what)"
        }
    }
}

/// What a client was told.
package struct Acknowledgement: Sendable, Hashable {
    /// `Record.name` of what the command wrote last.
    package var record: String
    /// nil for what is about no job.
    package var job: JobID?
    /// The ledger's sequence before the command, and after it: the record lies between them.
    package var since: Sequence
    package var sequence: Sequence

    package init(record: String, job: JobID?, since: Sequence, sequence: Sequence) {
        self.record = record
        self.job = job
        self.since = since
        self.sequence = sequence
    }
}
