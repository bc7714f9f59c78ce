namespace Faults;

/// <summary>Orders against stock: each confirmed order has taken what it asked for, each that was cancelled after that has
/// given it back, article by article.</summary>
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
        if (found.Taken != expected.Taken)
        {
            (found.Taken < expected.Taken ? findings.Lost : findings.Doubled).Add(
                $"stock of {sku}: {expected.Taken} were to be taken, {found.Taken} were");
        }

        if (found.Returned != expected.Returned)
        {
            (found.Returned < expected.Returned ? findings.Lost : findings.Doubled).Add(
                $"stock of {sku}: {expected.Returned} were to be given back, {found.Returned} were");
        }
    }

    private readonly record struct Movements(long Taken, long Returned)
    {
        public Movements With(long delta) => delta < 0 ? this with { Taken = Taken - delta } : this with { Returned = Returned + delta };
    }
}
