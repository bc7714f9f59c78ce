namespace Faults;

/// <summary>Messages against effects: each change of an order has its message, each message its effect, once.</summary>
internal static class EffectRules
{
    private static readonly Dictionary<string, string> MessageOf = new()
    {
        ["placed"] = "orders.order-placed.v1",
        ["confirmed"] = "orders.order-confirmed.v1",
        ["rejected"] = "orders.order-rejected.v1",
        ["cancelled"] = "orders.order-cancelled.v1",
    };

    private static readonly Dictionary<string, string> NotifiedAs = new()
    {
        ["orders.order-confirmed.v1"] = "confirmed",
        ["orders.order-rejected.v1"] = "rejected",
    };

    public static void Judge(Evidence evidence, Findings findings)
    {
        var messages = evidence.Outbox.Where(message => message.Key != WireRules.HostileKey).ToList();
        JudgeOrders(evidence, findings);
        JudgeMessages(evidence, messages, findings);
        JudgeNotifications(evidence, messages, findings);
        JudgeHandled(evidence, messages, findings);
        JudgeUnknown(evidence, findings);
    }

    // What an earlier case has left behind has no second effect in this one.
    private static void JudgeUnknown(Evidence evidence, Findings findings)
    {
        var known = evidence.Outbox.Select(message => message.Message).ToHashSet();
        findings.Phantoms.AddRange(evidence.Handled.Where(handled => !known.Contains(handled.Message))
            .Select(handled => $"{handled.Consumer} handled message {handled.Message}, which is not of this case"));
    }

    private static void JudgeOrders(Evidence evidence, Findings findings)
    {
        findings.Lost.AddRange(evidence.Orders.Where(order => order.Status == "placed").Select(order => $"order {order.Id} was never decided"));
        findings.Doubled.AddRange(evidence.Transitions.GroupBy(transition => (transition.Order, transition.After))
            .Where(change => change.Count() > 1)
            .Select(change => $"order {change.Key.Order} became {change.Key.After} {change.Count()} times"));
    }

    private static void JudgeMessages(Evidence evidence, List<StoredMessage> messages, Findings findings)
    {
        var stored = messages.Where(message => message.Order is not null).CountBy(message => (message.Order!.Value, message.Type)).ToDictionary();
        foreach (var (order, _, after) in evidence.Transitions.Distinct())
        {
            var count = stored.GetValueOrDefault((order, MessageOf[after]));
            if (count == 0)
            {
                findings.Lost.Add($"order {order} became {after} without a message");
            }
            else if (count > 1)
            {
                findings.Doubled.Add($"order {order} became {after} with {count} messages");
            }
        }
    }

    private static void JudgeNotifications(Evidence evidence, List<StoredMessage> messages, Findings findings)
    {
        var expected = messages.Where(message => message.Order is not null && NotifiedAs.ContainsKey(message.Type))
            .Select(message => (message.Order!.Value, NotifiedAs[message.Type])).ToHashSet();
        var found = evidence.Notifications.CountBy(notification => (notification.Order, notification.Kind)).ToDictionary();
        findings.Lost.AddRange(expected.Where(effect => !found.ContainsKey(effect)).Select(effect => $"the notification that {effect.Value} is {effect.Item2}"));
        foreach (var (effect, count) in found)
        {
            if (!expected.Contains(effect))
            {
                findings.Phantoms.Add($"a notification that {effect.Order} is {effect.Kind}, of which no message tells");
            }
            else if (count > 1)
            {
                findings.Doubled.Add($"the notification that {effect.Order} is {effect.Kind}, {count} times");
            }
        }
    }

    private static void JudgeHandled(Evidence evidence, List<StoredMessage> messages, Findings findings)
    {
        var handled = evidence.Handled.CountBy(message => (message.Consumer, message.Message)).ToDictionary();
        findings.Lost.AddRange(messages
            .Where(message => Tap.Consumers.TryGetValue(message.Type, out var consumer) && !handled.ContainsKey((consumer, message.Message)))
            .Select(message => $"row {message.Id} ({message.Type}) was never handled"));
        findings.Doubled.AddRange(handled.Where(effect => effect.Value > 1)
            .Select(effect => $"{effect.Key.Consumer} handled message {effect.Key.Message} {effect.Value} times"));
    }
}
