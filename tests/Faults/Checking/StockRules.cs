namespace Faults;

/// <summary>Orders against stock: each confirmed order has taken what it asked for, each that was cancelled after that has
/// given it back, article by article, in as many movements.</summary>
internal static class StockRules
{
    public static void Judge(Evidence evidence, Findings findings)
    {
        var customers = evidence.Orders.ToDictionary(order => order.Id, order => order.Customer);
        var wanted = evidence.History.Where(line => line.Lines is not null).DistinctBy(line => line.Subject).ToDictionary(line => line.Subject, line => line.Lines!);
        var expected = new Dictionary<string, Movements>();
        foreach (var (order, before, after) in evidence.Transitions.Distinct())
        {
            if (after != "confirmed" && (before, after) != ("confirmed", "cancelled"))
            {
                continue;
            }

            foreach (var line in customers.TryGetValue(order, out var customer) ? wanted.GetValueOrDefault(customer, []) : [])
            {
                expected[line.Sku] = expected.GetValueOrDefault(line.Sku).With(after == "confirmed" ? -line.Quantity : line.Quantity);
            }
        }

        var found = new Dictionary<string, Movements>();
        foreach (var (sku, delta) in evidence.StockMovements)
        {
            found[sku] = found.GetValueOrDefault(sku).With(delta);
        }

        foreach (var sku in expected.Keys.Union(found.Keys).Order(StringComparer.Ordinal))
        {
            Compare(sku, expected.GetValueOrDefault(sku), found.GetValueOrDefault(sku), findings);
        }
    }

    private static void Compare(string sku, Movements expected, Movements found, Findings findings)
    {
        if (found.Taken < expected.Taken || found.Takes < expected.Takes)
        {
            findings.Lost.Add($"stock of {sku}: {expected.Taken} were to be taken {expected.Takes} times, {found.Taken} were in {found.Takes}");
        }
        else if (found.Taken > expected.Taken || found.Takes > expected.Takes)
        {
            findings.Doubled.Add($"stock of {sku}: {expected.Taken} were to be taken {expected.Takes} times, {found.Taken} were in {found.Takes}");
        }

        if (found.Returned < expected.Returned || found.Returns < expected.Returns)
        {
            findings.Lost.Add($"stock of {sku}: {expected.Returned} were to be given back {expected.Returns} times, {found.Returned} were in {found.Returns}");
        }
        else if (found.Returned > expected.Returned || found.Returns > expected.Returns)
        {
            findings.Doubled.Add($"stock of {sku}: {expected.Returned} were to be given back {expected.Returns} times, {found.Returned} were in {found.Returns}");
        }
    }

    private readonly record struct Movements(long Taken, int Takes, long Returned, int Returns)
    {
        public Movements With(long delta) => delta < 0
            ? this with { Taken = Taken - delta, Takes = Takes + 1 }
            : this with { Returned = Returned + delta, Returns = Returns + 1 };
    }
}
