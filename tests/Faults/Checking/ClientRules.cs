namespace Faults;

/// <summary>What the clients were told, against what is stored: what was told to be done is there, once; what was refused is
/// not; what nobody knows of is there once or not at all, and the same however often it is asked for.</summary>
internal static class ClientRules
{
    public static void Judge(Evidence evidence, Findings findings)
    {
        var orders = evidence.Orders.ToLookup(order => order.Customer);
        var byId = evidence.Orders.ToDictionary(order => order.Id);
        var asked = evidence.History.ToLookup(line => (line.Asked, line.Subject));
        foreach (var request in asked.Where(request => request.Key.Asked == Asked.Place))
        {
            JudgePlaced(request.Key.Subject, [.. request], [.. orders[request.Key.Subject]], findings);
        }

        foreach (var request in asked.Where(request => request.Key.Asked == Asked.Cancel))
        {
            JudgeCancelled(request.Key.Subject, [.. request], byId, findings);
        }

        foreach (var order in evidence.Orders)
        {
            if (!asked.Contains((Asked.Place, order.Customer)))
            {
                findings.Phantoms.Add($"order {order.Id} of {order.Customer}, who has placed none");
            }

            if (order.Status == "cancelled" && !asked.Contains((Asked.Cancel, order.Customer)))
            {
                findings.Phantoms.Add($"order {order.Id} of {order.Customer} is cancelled, and nobody has cancelled it");
            }
        }

        JudgeDecided(evidence, findings);
        JudgeWritten(evidence, findings);
    }

    private static void JudgeDecided(Evidence evidence, Findings findings)
    {
        var wanted = evidence.History.Where(line => line.Lines is not null).ToLookup(line => line.Subject, line => line.Lines!);
        var customers = evidence.Orders.ToDictionary(order => order.Id, order => order.Customer);
        foreach (var (order, _, after) in evidence.Transitions.Distinct())
        {
            // An order that no request explains is a phantom already.
            if (customers.GetValueOrDefault(order) is not { } customer || wanted[customer].FirstOrDefault() is not { } lines)
            {
                continue;
            }

            var canBeHad = lines.All(line => line.Sku != OrderPlan.Unstocked);
            if (after == "rejected" && canBeHad)
            {
                findings.Lost.Add($"order {order} of {customer} was rejected though all of it is in stock");
            }
            else if (after == "confirmed" && !canBeHad)
            {
                findings.Phantoms.Add($"order {order} of {customer} was confirmed though nobody has {OrderPlan.Unstocked}");
            }
        }
    }

    private static void JudgePlaced(string customer, HistoryLine[] attempts, StoredOrder[] stored, Findings findings)
    {
        var told = attempts.Where(attempt => attempt.Told == Told.Done).Select(attempt => attempt.Order!.Value).Distinct().ToList();
        findings.Lost.AddRange(told.Except(stored.Select(order => order.Id)).Select(id => $"order {id} of {customer}: the client was told that it is placed"));
        if (Math.Max(told.Count, stored.Length) > 1)
        {
            findings.Doubled.Add($"{customer} asked for one order, was told of {told.Count} and has {stored.Length}");
        }

        foreach (var refusal in attempts.Where(attempt => attempt.Told == Told.Refused))
        {
            findings.Complaints.Add($"the order of {customer} was refused with {refusal.Status}");
        }

        JudgeAnswers(customer, attempts, findings);
    }

    private static void JudgeCancelled(string customer, HistoryLine[] attempts, Dictionary<Guid, StoredOrder> orders, Findings findings)
    {
        var order = orders.GetValueOrDefault(attempts[0].Order!.Value);
        if (attempts.Any(attempt => attempt.Told == Told.Done) && order?.Status != "cancelled")
        {
            findings.Lost.Add($"the client was told that order {attempts[0].Order} is cancelled; it is {order?.Status ?? "not there"}");
        }

        if (attempts.Any(attempt => attempt.Told == Told.Refused) && order?.Status != "rejected")
        {
            findings.Lost.Add($"cancelling order {attempts[0].Order} was refused; it is {order?.Status ?? "not there"}");
        }

        JudgeAnswers(customer, attempts, findings);
    }

    // 503 is an honest "come again"; any other failure of the server is a bug.
    private static void JudgeAnswers(string customer, HistoryLine[] attempts, Findings findings) =>
        findings.Complaints.AddRange(attempts.Where(attempt => attempt.Status is >= 500 and not 503)
            .Select(attempt => $"a request of {customer} was answered with {attempt.Status}"));

    private static void JudgeWritten(Evidence evidence, Findings findings)
    {
        var stored = evidence.Outbox.Where(message => message.Order is not null).ToLookup(message => message.Order!.Value);
        var written = evidence.History.Where(line => line.Asked == Asked.Write).ToList();
        foreach (var line in written)
        {
            var rows = stored[line.Order!.Value].Count();
            if (line.Told == Told.Done && rows == 0)
            {
                findings.Lost.Add($"the written message about {line.Order}, which was committed");
            }
            else if (line.Told == Told.Refused && rows > 0)
            {
                findings.Phantoms.Add($"the written message about {line.Order}, which was rolled back");
            }
        }

        var known = written.Select(line => line.Order!.Value).Concat(evidence.Transitions.Select(transition => transition.Order)).ToHashSet();
        findings.Phantoms.AddRange(stored.Where(order => !known.Contains(order.Key)).Select(order => $"messages about {order.Key}, of which nobody knows"));
    }
}
