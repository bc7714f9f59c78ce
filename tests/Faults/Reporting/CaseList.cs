namespace Faults;

/// <summary>./faults --list</summary>
internal static class CaseList
{
    public static int Print()
    {
        foreach (var known in CaseCatalogue.All)
        {
            var note = known.Plays switch
            {
                Plays.InLongRuns => " [in runs of 30 minutes and more]",
                Plays.ByName => " [by its name alone]",
                _ => "",
            };
            Console.WriteLine($"{known.Name,-38} {known.Proves}{note}");
        }

        return 0;
    }
}
