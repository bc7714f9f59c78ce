using Faults;

namespace Commands.Tests.FaultMatrix;

public sealed class RunRecordTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("record-");

    [Fact]
    public void The_last_line_sums_all_cases_up() => Assert.Equal(
        "cases=3 orders=300 faults=6 lost=2 doubled=4 phantoms=6 misordered=8 verdict=red",
        Results.Record(results: [Results.Green(1), Results.Red(2), Results.Red(3)]).LastLine());

    [Fact]
    public void It_is_green_where_all_cases_are_and_there_was_one()
    {
        Assert.Equal(
            "cases=1 orders=100 faults=2 lost=0 doubled=0 phantoms=0 misordered=0 verdict=green", Results.Record(results: [Results.Green(1)]).LastLine());
        Assert.Equal("cases=0 orders=0 faults=0 lost=0 doubled=0 phantoms=0 misordered=0 verdict=red", Results.Record().LastLine());
    }

    [Fact]
    public void The_line_of_a_case_counts_each_kind_of_harm()
    {
        Assert.Contains(" lost 1 doubled 2 phantoms 3 misordered 4 ", ResultTable.Line(Results.Red(7)), StringComparison.Ordinal);
        Assert.Contains(" lost 0 doubled 0 phantoms 0 misordered 0 ", ResultTable.Line(Results.Green(7)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_case_that_did_not_drain_or_settle_leaves_something_behind()
    {
        Assert.False(Results.Red(1).LeavesSomethingBehind);
        Assert.True((Results.Green(1) with { DrainSeconds = null }).LeavesSomethingBehind);
        Assert.True((Results.Green(1) with { IsUnsettled = true }).LeavesSomethingBehind);
    }

    [Fact]
    public void An_interrupted_run_is_taken_up_where_it_stopped()
    {
        Save(Results.Record(results: [Results.Green(1), Results.Green(2)]));

        Assert.Equal(2, TakeUp(Results.Record()).LastNumber);
    }

    [Fact]
    public void A_turn_that_could_not_be_played_is_over_and_is_told()
    {
        var record = Results.Record(results: Results.Green(1));
        record.Skipped.Add(new SkippedTurn(2, "clock-ahead", "libfaketime is not installed"));
        Save(record);

        Assert.Equal(2, TakeUp(Results.Record()).LastNumber);
        Assert.Contains("| clock-ahead | not played: libfaketime is not installed |", ResultTable.Markdown(record), StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_of_other_code_begins_afresh()
    {
        Save(Results.Record("before", Results.Green(1)));

        Assert.Empty(TakeUp(Results.Record("after")).Results);
    }

    [Fact]
    public void A_run_begins_afresh_where_the_last_one_was_finished_or_says_nothing_of_its_code()
    {
        Save(Results.Record(results: Results.Green(1)));
        Assert.Empty(TakeUp(Results.Record(), isFinished: true).Results);

        File.WriteAllText(RecordFile, File.ReadAllText(RecordFile).Replace("\"build\": \"a\",", "", StringComparison.Ordinal));
        Assert.Empty(TakeUp(Results.Record()).Results);
    }

    [Fact]
    public void A_build_is_known_by_each_of_its_assemblies()
    {
        var build = new ServiceBuild(PathOf("service/Service"), PathOf("migrations/Migrations"));
        Write("service/Service.dll", "1");
        Write("migrations/Migrations.dll", "1");
        var before = build.Identity();
        Assert.Equal(before, build.Identity());

        Write("service/Outbox.dll", "2");

        Assert.NotEqual(before, build.Identity());
    }

    public void Dispose() => _directory.Delete(recursive: true);

    private string RecordFile => PathOf("record.json");

    private string PathOf(string name) => Path.Combine(_directory.FullName, name);

    private void Write(string name, string contents)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), contents);
    }

    private void Save(RunRecord record) => record.Save(RecordFile);

    private RunRecord TakeUp(RunRecord fresh, bool isFinished = false) => RunRecord.TakeUp(RecordFile, fresh, _ => isFinished);
}
