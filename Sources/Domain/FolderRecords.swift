// Records about the folder as a whole and the clock it lives by.

package struct FolderFounded: Sendable, Hashable {
    /// 16 random bytes.
    package var storeID: [UInt8]
    package var zoneVersion: String
    /// The key that seals this folder's secrets: another key at a later start is an error, not garbage.
    package var keyID: UInt32
    package init(storeID: [UInt8], zoneVersion: String, keyID: UInt32) {
        self.storeID = storeID
        self.zoneVersion = zoneVersion
        self.keyID = keyID
    }
}

package struct ClockStepped: Sendable, Hashable {
    package var from: Timestamp
    package var to: Timestamp
    package init(from: Timestamp, to: Timestamp) {
        self.from = from
        self.to = to
    }
}

package struct FolderRestored: Sendable, Hashable {
    /// The last record of the restored state, and its time.
    package var sequence: Sequence
    package var time: Timestamp
    package init(sequence: Sequence, time: Timestamp) {
        self.sequence = sequence
        self.time = time
    }
}
