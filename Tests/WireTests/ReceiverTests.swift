import Effects
import Synchronization
import Testing

struct ReceiverTests {
    @Test func `nobody is told before somebody is set`() {
        #expect(Receiver<Int>().receive == nil)
    }

    /// A function that every look wraps once more ends the stack long before this is over.
    @Test func `the hundred thousandth word is as cheap as the first`() {
        let receiver = Receiver<[Int]>()
        let sum = Atomic(0)
        receiver.set { values in sum.add(values[0], ordering: .relaxed) }
        for _ in 0..<100_000 { receiver.receive?([1]) }
        #expect(sum.load(ordering: .relaxed) == 100_000)
    }
}
