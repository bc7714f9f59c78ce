using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Inbox.Tests.Transactions;

public sealed class ChangedTableTests(ServersFixture servers) : ArenaTests(servers)
{
    // Enough to have the statements prepared on each connection of the pool, which gives them out in turn.
    private const int Enough = 20;

    [Fact]
    public async Task A_column_whose_type_changes_meanwhile_costs_no_message_a_try()
    {
        await using var consumer = await Arena.ConsumeAsync(setup =>
        {
            setup.Settings["Inbox:Retry:Immediate"] = "0";
            setup.AddContext = services => services.AddDbContext<NotesContext>(
                options => options.UseNpgsql(setup.Postgres + ";Maximum Pool Size=4;Max Auto Prepare=20;Auto Prepare Min Usages=2"));
            setup.Handling = async (db, message, context, cancellationToken) =>
            {
                await db.Notes.Where(note => note.Text == message.Text).ToListAsync(cancellationToken);
                await db.Notes.AsNoTracking().OrderBy(note => note.Id).FirstOrDefaultAsync(cancellationToken);
                NoteIt.Add(db, message, context);
            };
        });
        await AddAsync(upTo: Enough);

        await Arena.Servers.ExecuteAsync("ALTER TABLE note ALTER text TYPE varchar(300)");
        await AddAsync(upTo: 2 * Enough);

        await consumer.UntilLoggedAsync("cached plan must not change result type");
        Assert.Equal(2 * Enough, await Arena.NotesAsync("attempt = 1"));
        Assert.Equal(0, consumer.Counts["inbox.retried"]);
        await Arena.UntilSettledAsync(consumer);

        async Task AddAsync(int upTo)
        {
            for (var count = await Arena.NotesAsync() + 1; count <= upTo; count++)
            {
                await Arena.PublishAsync(new Noted("n"), key: "k");
                await Arena.UntilNotesAsync(count);
            }
        }
    }
}
