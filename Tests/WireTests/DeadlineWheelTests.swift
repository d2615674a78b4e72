import Testing

@testable import Wire

struct DeadlineWheelTests {
    @Test
    func `a deadline is reported once, never early and at most a tick late`() {
        var wheel = DeadlineWheel(tick: 10)
        let start: Int64 = 1_000_003
        let key = wheel.insert(due: start + 55, now: start)
        #expect(wheel.takeDue(now: start + 54).isEmpty)
        #expect(wheel.takeDue(now: start + 65) == [key])
        #expect(wheel.takeDue(now: start + 75).isEmpty)
        wheel.remove(key)
        #expect(wheel.nextDue == nil)
    }

    @Test
    func `a deadline many turns ahead waits for its turn`() {
        var wheel = DeadlineWheel(tick: 10)
        let key = wheel.insert(due: 1_000_000, now: 0)
        var now: Int64 = 0
        var rings = 0
        while wheel.takeDue(now: now).isEmpty, rings < 1000, let next = wheel.nextDue {
            #expect(next > now)
            now = next
            rings += 1
        }
        #expect((1_000_000...1_000_010).contains(now))
        #expect(rings <= 1_000_000 / 10 / 1024 + 2)
        wheel.remove(key)
    }

    @Test
    func `deadlines move in both directions`() {
        var wheel = DeadlineWheel(tick: 10)
        let key = wheel.insert(due: 500, now: 0)
        wheel.move(key, to: 100)
        wheel.move(key, to: 300)
        #expect(wheel.takeDue(now: 200).isEmpty)
        #expect(wheel.takeDue(now: 310) == [key])
        wheel.move(key, to: 400)
        #expect(wheel.takeDue(now: 410) == [key])
    }

    @Test
    func `it agrees with a plain list over a long random walk`() {
        var wheel = DeadlineWheel(tick: 7)
        var model: [DeadlineWheel.Key: Int64] = [:]
        var state: UInt64 = 7
        let random = { (bound: Int64) -> Int64 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 33) % bound
        }
        var now: Int64 = 12_345
        for _ in 0..<20_000 {
            switch random(4) {
            case 0:
                let due = now + random(20_000)
                model[wheel.insert(due: due, now: now)] = due
            case 1:
                if let key = model.keys.min() {
                    model[key] = nil
                    wheel.remove(key)
                }
            case 2:
                if let key = model.keys.max() {
                    let due = now + random(20_000)
                    model[key] = due
                    wheel.move(key, to: due)
                }
            default:
                now += random(3000)
                let due = wheel.takeDue(now: now)
                for key in due {
                    #expect((model[key] ?? .max) <= now)
                    model[key] = nil
                    wheel.remove(key)
                }
                #expect(model.values.allSatisfy { $0 + 7 > now })
            }
            #expect(wheel.count == model.count)
        }
    }
}
